/**
 * An analysis as text.
 */
/** As much of a `FailureAnalysis` as is text. */
interface Analysis {
  readonly exactWhy: string
  readonly evidence: ReadonlyArray<Evidence>
  readonly targetedFix: string
  readonly codeChanges: string
  readonly rawText: string | null
}

interface Evidence {
  readonly text: string
  readonly cites: ReadonlyArray<{ readonly id: string; readonly text: string }>
}

export const analysisText = (analysis: Analysis): string =>
  analysis.rawText ??
  [
    section("Exact Why", analysis.exactWhy),
    section("Evidence", analysis.evidence.map(formatEvidence).join("\n")),
    section("Targeted Fix", analysis.targetedFix),
    section("Code Changes", analysis.codeChanges)
  ]
    .filter((part) => part !== "")
    .join("\n\n")

const section = (heading: string, body: string): string => (body.trim() === "" ? "" : `## ${heading}\n${body.trim()}`)

const formatEvidence = ({ cites, text }: Evidence): string =>
  cites.length === 0 ? `- ${text}` : `- ${text} [${cites.map(({ id, text }) => `${id}: ${text}`).join("; ")}]`
