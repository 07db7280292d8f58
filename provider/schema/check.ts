import { namesGiven, propertyOf, type Description, type Inputs, type Properties } from "./description";
import type { CheckContext } from "./kinds";
import { isUnknown } from "./unknown";

/** What is wrong with a property, and what is right, in a sentence. */
export interface CheckFailure {
  /** Empty where it is about no one property. */
  property: string;
  reason: string;
}

/** What is wrong with a program's properties, before anything is done. Values that are not known yet pass. */
export function checkProperties(
  description: Description,
  news: Properties,
  context: CheckContext,
): CheckFailure[] {
  const stated = namesGiven(description, "required", "optional", "default", "configured");
  const known = new Set([...stated, ...namesGiven(description, "internal")]);
  const given = Object.keys(omitUndefined(news)).filter((name) => name !== "__provider");
  const strangers = given.filter((name) => !known.has(name));
  const missing = namesGiven(description, "required").filter((name) => !given.includes(name));
  const complain = (property: string, complaint: string | undefined): CheckFailure[] =>
    complaint === undefined ? [] : [{ property, reason: `${property} ${complaint}.` }];
  return [
    ...strangers.map((property) => ({
      property,
      reason:
        refusalOf(description, property) ??
        `there is no property "${property}"; there are ${stated.join(", ")}.`,
    })),
    ...missing.flatMap((name) => {
      const complaint = propertyOf(description, name).kind.check(undefined, context);
      return complain(name, `is missing; it ${complaint ?? "must be given"}`);
    }),
    ...given
      .filter((name) => known.has(name) && !isUnknown(news[name]))
      .flatMap((name) => complain(name, propertyOf(description, name).kind.check(news[name], context))),
  ];
}

function refusalOf(description: Description, name: string): string | undefined {
  const refusal = Object.hasOwn(description, name) ? propertyOf(description, name).refusal : undefined;
  return refusal && `${name} ${refusal}.`;
}

/** The properties that a description has inputs for, with the defaults where the program does not say. */
export function withDefaults<D extends Description>(
  description: D,
  news: Properties,
): Properties & Inputs<D> {
  const names = namesGiven(description, "required", "optional", "default", "configured", "internal");
  const values = names.map((name) => [name, news[name] ?? propertyOf(description, name).default]);
  return omitUndefined(Object.fromEntries(values) as Properties) as Properties & Inputs<D>;
}

/** The same without what has no value. */
export function omitUndefined(properties: Properties): Properties {
  return Object.fromEntries(
    Object.entries(properties).filter(([, value]) => value !== undefined && value !== null),
  );
}

/** Some of an object's properties. */
export function pick<T extends object, K extends keyof T>(values: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, values[name]])) as Pick<T, K>;
}
