import { isNotFound } from "../api/errors";

/**
 * What a call answers; undefined when it answers twice that there is no such thing. What is taken for gone is forgotten, and
 * something on the way, which knows of no image, may have said 404 in the service's place.
 */
export async function unlessGone<T>(call: () => Promise<T>): Promise<T | undefined> {
  for (let asked = 1; ; asked += 1) {
    try {
      return await call();
    } catch (error) {
      if (!isNotFound(error)) {
        throw error;
      }
      if (asked === 2) {
        return undefined;
      }
    }
  }
}
