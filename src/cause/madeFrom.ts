/**
 * What an error was made from, where it does not say so itself: rich mode sees that a handler failed with the words of what
 * it handled.
 */
import * as hiddenField from "../plain/hiddenField.js"

export const origin: hiddenField.HiddenField<object, unknown> = hiddenField.make()
