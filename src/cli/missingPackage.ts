/**
 * A package of the user's that the command needs is not there.
 */
import * as Data from "effect/Data"
import { manifest } from "./manifest.js"

/** An optional peer: a program that keeps no history needs it as little as `narrative tail` of a file does. */
export class MissingPackage extends Data.TaggedError("MissingPackage")<{ readonly packageName: string }> {
  override get message(): string {
    const range = manifest.peerDependencies[this.packageName] ?? "*"
    return `a history is read with a package that is not installed: npm install --save-dev "${this.packageName}@${range}"`
  }
}
