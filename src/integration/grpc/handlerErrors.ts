/**
 * What handlers failed with. An interceptor sees the status of a call only.
 */
import type { Story } from "../../narration/Story.js"
import { isObject, propertyOf } from "../../plain/untrusted.js"

const errors = new WeakMap<Story, unknown>()

/** The error of the handler of a story, once. */
export const take = (story: Story | undefined): unknown => {
  const error = story === undefined ? undefined : errors.get(story)
  if (story !== undefined) errors.delete(story)
  return error
}

type Handler = (this: unknown, call: unknown, callback?: (...args: ReadonlyArray<unknown>) => unknown) => unknown

/** The same handlers, of whose calls the errors are remembered. */
export const remember = <Implementation extends object>(
  narrator: { readonly current: () => Story | undefined },
  implementation: Implementation
): Implementation => {
  const remembering = (handler: Handler): Handler =>
    function (call, callback) {
      const story = narrator.current()
      const failed = (error: unknown): void => {
        if (story !== undefined && error !== null && error !== undefined) errors.set(story, error)
      }
      // Of a stream, an error is an event. The server's own listener sends the status, and with that the story is over.
      const listen: unknown = propertyOf(call, "prependListener")
      if (typeof listen === "function") Reflect.apply(listen, call, ["error", failed])
      const answer =
        callback &&
        ((...args: ReadonlyArray<unknown>) => {
          failed(args[0])
          return callback(...args)
        })
      try {
        const result = Reflect.apply(handler, this, answer === undefined ? [call] : [call, answer])
        if (result instanceof Promise) {
          // A rejection that is not handled stays one.
          void result.then(undefined, (error: unknown) => {
            failed(error)
            throw error
          })
        }
        return result
      } catch (error) {
        failed(error)
        throw error
      }
    }
  return new Proxy(implementation, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name)
      return typeof member === "function" ? remembering(member.bind(target)) : member
    },
    getOwnPropertyDescriptor: (target, name) => {
      const descriptor = Reflect.getOwnPropertyDescriptor(target, name)
      return isObject(descriptor) ? { ...descriptor, configurable: true } : descriptor
    }
  })
}
