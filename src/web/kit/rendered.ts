/**
 * Waiting for a change of state to be on the page, in order to scroll or to focus there.
 *
 * Preact renders in a microtask that the first change asks for, so whoever waits for the next one comes after it.
 */
export const rendered = (): Promise<void> => Promise.resolve()
