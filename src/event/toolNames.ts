/**
 * What the attributes of a tool's stage are called: those of OpenTelemetry's conventions for generative AI, and ours where it
 * has none.
 */
export const toolName = "gen_ai.tool.name"
export const callId = "gen_ai.tool.call.id"
export const toolType = "gen_ai.tool.type"
export const description = "gen_ai.tool.description"
export const callArguments = "gen_ai.tool.call.arguments"
export const callResult = "gen_ai.tool.call.result"
export const behavior = "narrative.tool.behavior"
export const payloadSummary = "narrative.tool.payload_summary"
export const outputSummary = "narrative.tool.output_summary"
export const artifactsCount = "narrative.tool.artifacts_count"
