/**
 * What an error was made from, where it does not say so itself: rich mode sees that a handler failed with the words of what
 * it handled, and narrated spans that a stage failed with the words of what a call in it failed with.
 */
import * as hiddenField from "../plain/hiddenField.js"

export const origin: hiddenField.HiddenField<object, unknown> = hiddenField.make()
