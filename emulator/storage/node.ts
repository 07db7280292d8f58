import type { Element } from "@xmldom/xmldom";

/** An element of a request's XML. Names are taken without their namespaces, which clients often leave out. */
export type Node = Element;

/** All children of that name. */
export function children(node: Node, name: string): Node[] {
  const elements = [...node.childNodes].filter((one) => one.nodeType === one.ELEMENT_NODE) as Node[];
  return elements.filter(({ localName }) => localName === name);
}

export const child = (node: Node, name: string): Node | undefined => children(node, name)[0];

/** The text of a child; undefined when there is no such child. */
export function textOf(node: Node, name: string): string | undefined {
  return child(node, name)?.textContent ?? undefined;
}
