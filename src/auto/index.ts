/**
 * `node --import effect-narrative/auto app.js`: the functions and classes of the app's own modules are stages of the stories
 * they are called in, without a change of their code. Importing this module registers it.
 *
 * Declared functions are called as they are, title-cased: `validateOrder` is "Validate Order". Methods of classes are called
 * `OrderService.charge`. Left alone are names that begin with `_`, functions that are values of constants, what is below a
 * `node_modules`, and what cannot be read.
 *
 * `RUNTIME_NARRATIVE_AUTO_INCLUDE` and `RUNTIME_NARRATIVE_AUTO_EXCLUDE` are paths, separated by commas and relative to the
 * working directory; `RUNTIME_NARRATIVE_AUTO_DISABLED=1` switches it off.
 *
 * @since 0.1.0
 */
import { tryOnce } from "./moduleReads.js"
import { prepare } from "./programCalls.js"
import * as registration from "./register.js"
import type { AutoOptions } from "./settings.js"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  Registration
} from "./register.js"
export type {
  /**
   * @since 0.1.0
   * @category models
   */
  AutoOptions
} from "./settings.js"

await tryOnce()

/** What importing this module registered. */
let current = registration.register()

await prepare()

/**
 * Registers it with other options, in place of what was registered before, for what is loaded from now on.
 *
 * @since 0.1.0
 * @category registration
 */
export const register = (options?: AutoOptions): registration.Registration => {
  current.unregister()
  current = registration.register(options)
  return current
}

/**
 * Leaves alone what is loaded from now on.
 *
 * @since 0.1.0
 * @category registration
 */
export const unregister = (): void => current.unregister()
