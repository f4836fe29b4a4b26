/**
 * A failing program's text on its way into a prompt: data, whatever it says.
 *
 * What cannot be seen is taken out, and what a model's chat template could read as the end of a message is broken up.
 */

/** Controls, bidi overrides, zero-width and other invisible characters, tags, lone surrogates, private use. */
const invisible = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}]/gu

const lineBreaks = /\r\n?|[\u0085\u2028\u2029]/g

/** `<|im_start|>`, `<|eot_id|>`, and DeepSeek's with full-width bars. */
const barOpen = /<(?=[|｜])/g
const barClose = /(?<=[|｜])>/g

/** `</s>`, `<start_of_turn>`, `<<SYS>>`, `<think>`, `<unused7>`: the tags of well-known templates. */
const tags =
  /<(?=\/?(?:s|bos|eos|pad|unk|mask|sep|cls|think|thinking|reasoning|answer|system|user|assistant|human|tool_?(?:call|calls|response|result|use)|function_(?:call|calls|results)|(?:start|end)_of_(?:turn|image|text)|unused_?\d+|reserved_\d+|extra_id_\d+)>|<\/?SYS>)/gi

/** `[INST]`, `[/INST]`, `[SYSTEM_PROMPT]`, `[TOOL_CALLS]`. */
const brackets = /\[(?=\/?[A-Z][A-Z_]{2,30}\])/g

/** The text as it may stand in a prompt whose marker is `marker`, with its own line breaks. */
export const harmless = (text: string, marker: string): string =>
  text
    .replace(lineBreaks, "\n")
    .replace(invisible, "")
    .replace(new RegExp(marker, "gi"), "…")
    .replace(barOpen, "< ")
    .replace(barClose, " >")
    .replace(tags, "< ")
    .replace(brackets, "[ ")

/** The first `max` characters, the last of them an ellipsis where something was cut. */
export const cut = (text: string, max: number): string => {
  if (text.length <= max) return text
  if (max < 1) return ""
  const end = max - 1
  // Half a surrogate pair is no character.
  const isSplit = end > 0 && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800
  return `${text.slice(0, isSplit ? end - 1 : end)}…`
}
