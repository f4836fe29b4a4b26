/**
 * What a filter or an option of a history fails with that cannot be meant.
 */
import { InvalidOption } from "../plain/InvalidOption.js"

/** `given` is what was given, as a text. */
export const invalidSetting = (setting: string, given: string, expected: string): InvalidOption =>
  new InvalidOption({ module: "History", setting, expected, given })
