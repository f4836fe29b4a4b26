/**
 * What a stage is called that has only the name of a function.
 */

/** `validateOrder` and `validate_order` as a stage's name: "Validate Order". */
export const titleCase = (name: string): string =>
  name
    .replace(/[_$]+/g, " ")
    .replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, " ")
    .trim()
    .replace(/(^| )(\p{L})/gu, (_, space: string, letter: string) => `${space}${letter.toUpperCase()}`)
