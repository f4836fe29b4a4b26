/**
 * A place with the function that it is in, as people read it.
 */

/** `src/db.ts:47 (insertRow)`; a function without a name is not named. */
export const callLabel = (place: string, name: string): string =>
  name === "" || name === "<anonymous>" ? place : `${place} (${name})`
