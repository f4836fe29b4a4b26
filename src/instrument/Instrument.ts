/**
 * Services, classes and modules whose methods are stages, without a change of their code or of their types.
 *
 * A method is a stage of the story that it is called in, or, if it gives an Effect or a Stream, of the one in which that is
 * run. It ends when its work does: the Effect, the Stream, the Promise, the generator. Outside any story a call costs one
 * look-up, and emits nothing.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import { titleCase } from "../plain/titleCase.js"
import { attempt } from "../plain/untrusted.js"
import type { InstrumentOptions } from "./classMembers.js"
import * as members from "./members.js"
import * as wrapped from "./wrappedFunction.js"
import { skip as leaveAlone } from "./wrapper.js"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  InstrumentOptions
} from "./classMembers.js"

/**
 * Makes each method of a service a stage, `OrderService.charge`: a Layer in, a Layer of the same type out. What the service
 * calls of itself, and what took it while the layer was built, is not instrumented.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Instrument } from "effect-narrative"
 *
 * class OrderService extends Effect.Service<OrderService>()("OrderService", {
 *   succeed: { charge: (cents: number) => Effect.succeed(`charged ${cents}`) }
 * }) {}
 *
 * const Orders = OrderService.Default.pipe(Instrument.service(OrderService))
 * ```
 *
 * @since 0.1.0
 * @category services
 */
export const service =
  <I, S>(tag: Context.Tag<I, S>, options: InstrumentOptions = {}) =>
  <A, E, R>(self: Layer.Layer<A, E, R>): Layer.Layer<A, E, R> =>
    mapServices(self, (key) => key === tag.key, options)

/**
 * Makes the methods of several services of a layer stages: those whose keys match, by default all.
 *
 * @since 0.1.0
 * @category services
 */
export const layer =
  (options: InstrumentOptions & { readonly match?: string | RegExp | ((key: string) => boolean) | undefined } = {}) =>
  <A, E, R>(self: Layer.Layer<A, E, R>): Layer.Layer<A, E, R> => {
    const { match } = options
    const isWanted = (key: string): boolean =>
      match === undefined ||
      (typeof match === "string"
        ? match === key
        : typeof match === "function"
          ? attempt(() => match(key), false)
          : new RegExp(match.source, match.flags.replace(/[gy]/g, "")).test(key))
    return mapServices(self, isWanted, options)
  }

const mapServices = <A, E, R>(
  self: Layer.Layer<A, E, R>,
  isWanted: (key: string) => boolean,
  options: InstrumentOptions
): Layer.Layer<A, E, R> =>
  Layer.map(self, (context) => {
    const services = new Map(context.unsafeMap)
    for (const [key, value] of services) {
      if (isWanted(key)) services.set(key, members.service(value, nameOf(key), options))
    }
    return Context.unsafeMake<A>(services)
  })

/** `@app/orders/OrderService` is `OrderService`. */
const nameOf = (key: string): string => key.slice(key.lastIndexOf("/") + 1)

type AnyClass = abstract new (...args: Array<never>) => unknown

const class_ = <C extends AnyClass>(target: C, options: InstrumentOptions = {}): C => {
  members.classMembers(target, options)
  return target
}

export {
  /**
   * Makes the methods of a class stages, `OrderService.charge`, in place, and gives the class. Left out are names that begin
   * with `_`, accessors, symbols, what {@link skip} marks and what is a stage already; inherited and static methods unless
   * they are asked for.
   *
   * @since 0.1.0
   * @category classes
   */
  class_ as class
}

/**
 * {@link class} as a decorator.
 *
 * @example
 * ```ts
 * import { Instrument } from "effect-narrative"
 *
 * @Instrument.stages()
 * class OrderService {
 *   validate(order: string) {
 *     return order !== ""
 *   }
 *
 *   @Instrument.stage("Charge Card")
 *   async charge(cents: number) {
 *     return cents
 *   }
 *
 *   @Instrument.skip
 *   log(message: string) {
 *     return message
 *   }
 * }
 * ```
 *
 * @since 0.1.0
 * @category classes
 */
export const stages =
  (options: InstrumentOptions = {}) =>
  <C extends AnyClass>(target: C, context: ClassDecoratorContext<C>): void =>
    members.classMembers(target, { ...options, name: options.name ?? context.name ?? target.name })

/**
 * Makes one method a stage, as a decorator. Without a name it is called as the method is, title-cased.
 *
 * @since 0.1.0
 * @category classes
 */
export const stage =
  (name?: string, options: Pick<InstrumentOptions, "kind"> = {}) =>
  <This, Args extends Array<never>, A>(
    method: (this: This, ...args: Args) => A,
    context: ClassMethodDecoratorContext<This, (this: This, ...args: Args) => A>
  ): ((this: This, ...args: Args) => A) =>
    wrapped.wrap(method, wrapped.initOf(name ?? titleCase(String(context.name)), options.kind))

/**
 * Leaves a method, or a class in a module, as it is.
 *
 * @since 0.1.0
 * @category classes
 */
export const skip = (member: object, _context?: DecoratorContext): void => leaveAlone(member)

/**
 * The exports of a module, its functions stages and its classes instrumented. The exports of an ES module cannot be set: use
 * what this gives.
 *
 * @since 0.1.0
 * @category modules
 */
export const module = <M extends object>(namespace: M, options: InstrumentOptions = {}): M =>
  members.moduleMembers(namespace, options)
