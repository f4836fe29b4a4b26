/**
 * From what users pass to stories and stages to what a region is made of.
 */
import * as Effect from "effect/Effect"
import type { DefinedAt } from "../diagnostics/source/callSite.js"
import { definedBy } from "../diagnostics/source/callSite.js"
import type { StageOptions, StoryOptions } from "./Options.js"
import type { StageInit } from "./stageRegion.js"
import type { StoryInit } from "./storyRegion.js"
import * as validatedOptions from "./validatedOptions.js"

/**
 * Like `dual`, but what is made of the settings is made once, and where the combinator is called: that is the place to
 * show.
 */
export const withSettings = <Options, Init, Name = string>(
  make: (name: Name, options: Options | undefined, definedAt: DefinedAt) => Init,
  run: (self: Effect.Effect<unknown, unknown, unknown>, init: Init) => Effect.Effect<unknown, unknown, unknown>,
  placeOf: (below: (...args: Array<never>) => unknown, name: Name) => DefinedAt = (below) => definedBy(below, 2)
  // biome-ignore lint/suspicious/noExplicitAny: the overloads of each combinator are its type; this is what they share.
): any => {
  type DataFirst = [self: Effect.Effect<unknown, unknown, unknown>, name: Name, options?: Options]
  type DataLast = [name: Name, options?: Options]
  const isDataFirst = (args: DataFirst | DataLast): args is DataFirst => Effect.isEffect(args[0])
  const combinator = (...args: DataFirst | DataLast) => {
    if (isDataFirst(args)) return run(args[0], make(args[1], args[2], placeOf(combinator, args[1])))
    const init = make(args[0], args[1], placeOf(combinator, args[0]))
    return (self: Effect.Effect<unknown, unknown, unknown>) => run(self, init)
  }
  return combinator
}

export const storyInit = (name: string, options: StoryOptions | undefined, definedAt: DefinedAt): StoryInit => {
  const checkedName = validatedOptions.nameOf("story", name)
  const total = validatedOptions.totalOf(options?.totalStages)
  const labels = validatedOptions.labelsOf(options?.labels)
  return {
    name: checkedName.value,
    kind: options?.kind ?? "story",
    id: options?.id,
    totalStages: total.value,
    labels: labels.value,
    attributes: options?.attributes,
    dryRun: options?.dryRun ?? false,
    definedAt,
    warn: validatedOptions.warningsOf(checkedName, total, labels)
  }
}

export const stageInit = <A>(name: string, options: StageOptions | undefined, definedAt: DefinedAt): StageInit<A> => {
  const checkedName = validatedOptions.nameOf("stage", name)
  return {
    name: checkedName.value,
    kind: options?.kind ?? "stage",
    attributes: options?.attributes,
    definedAt,
    warn: checkedName.warn
  }
}
