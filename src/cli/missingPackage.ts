/**
 * A package of the user's that the command needs is not there.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { manifest } from "./manifest.js"

/** An optional peer: a program that keeps no history needs it as little as `narrative tail` of a file does. */
export class MissingPackage extends Data.TaggedError("MissingPackage")<{ readonly packageName: string }> {
  override get message(): string {
    const range = manifest.peerDependencies[this.packageName] ?? "*"
    return `a history is read with a package that is not installed: npm install --save-dev "${this.packageName}@${range}"`
  }
}

/** A module of this command that needs such a package. */
export const needing = <A>(load: () => Promise<A>): Effect.Effect<A, MissingPackage> =>
  Effect.promise(load).pipe(
    Effect.catchSomeDefect((defect) => (defect instanceof MissingPackage ? Option.some(defect) : Option.none()))
  )
