import { propertyOf, type Description, type Properties } from "./description";
import { isUnknown } from "./unknown";

/** What of a resource is not as it is wanted. */
export interface Difference {
  changes: boolean;
  /** The properties for which the resource must be replaced. */
  replaces: string[];
}

/** Which properties differ between what is and what is wanted. A value that is not known yet differs; another spelling does not. */
export function changedProperties(description: Description, olds: Properties, news: Properties): string[] {
  return Object.keys(description).filter((name) => {
    const { kind, change } = propertyOf(description, name);
    return change !== "hint" && (isUnknown(news[name]) || !kind.same(olds[name], news[name]));
  });
}

export function diffProperties(description: Description, olds: Properties, news: Properties): Difference {
  const changed = changedProperties(description, olds, news);
  const asked = Array.isArray(news.replaceOnChanges) ? news.replaceOnChanges.map(String) : [];
  const isAsked = (name: string) => asked.some((path) => path === "*" || rootOf(path) === name);
  const replaces = changed.filter((name) => {
    const { change } = propertyOf(description, name);
    return change === "replace" || (change === "update" && isAsked(name));
  });
  // Another spelling of the same is written down, and changes nothing else.
  const respelled = Object.keys(description).some((name) => isRespelled(description, name, olds, news));
  return { changes: changed.length > 0 || respelled, replaces };
}

function isRespelled(description: Description, name: string, olds: Properties, news: Properties): boolean {
  const [one, other] = [olds[name], news[name]];
  return (
    propertyOf(description, name).change !== "hint" &&
    typeof one === "string" &&
    typeof other === "string" &&
    one !== other &&
    propertyOf(description, name).kind.same(one, other)
  );
}

/** The property that a property path of Pulumi's, such as `tags.team`, begins with. */
export function rootOf(path: string): string {
  return /^[^.[]*/.exec(path)?.[0] ?? "";
}
