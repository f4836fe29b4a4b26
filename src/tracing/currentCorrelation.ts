/**
 * Where a fiber keeps its correlation: in its context, which forks, queues' readers and layers inherit.
 */
import * as Context from "effect/Context"
import { type Correlation, none } from "../event/correlationFields.js"

/** Empty unless something says who asked. */
export class CurrentCorrelation extends Context.Reference<CurrentCorrelation>()("effect-narrative/Correlation", {
  defaultValue: (): Correlation => none
}) {}

/** What was said in this context, without the ids of the span in it. */
export const correlationIn = (context: Context.Context<never>): Correlation =>
  context.unsafeMap.get(CurrentCorrelation.key) ?? none
