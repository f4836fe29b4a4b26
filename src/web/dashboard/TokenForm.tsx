/**
 * Asks for the token of a server that has one.
 */
import { useSignalEffect } from "@preact/signals"
import { useRef } from "preact/hooks"
import { isTokenAsked, setToken, token } from "./token.js"

export const TokenForm = () => {
  const dialog = useRef<HTMLDialogElement>(null)
  const input = useRef<HTMLInputElement>(null)
  useSignalEffect(() => {
    if (isTokenAsked.value) dialog.current?.showModal()
    else dialog.current?.close()
  })
  const isWrong = token.value !== undefined
  return (
    <dialog
      ref={dialog}
      class="help"
      id="token"
      aria-labelledby="token-title"
      // Without a token there is nothing to go back to.
      onCancel={(event) => event.preventDefault()}
    >
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          const text = input.current?.value.trim() ?? ""
          if (text !== "") setToken(text)
        }}
      >
        <h2 id="token-title">This server has a token</h2>
        <p class="muted">It is what the server was started with. This tab keeps it until it is closed.</p>
        <label class="field">
          <span class="field-name">Token</span>
          <input ref={input} type="password" autocomplete="off" aria-invalid={isWrong} aria-describedby="token-fault" />
          <span class="field-fault" id="token-fault">
            {isWrong ? "The server does not take the token that was given" : ""}
          </span>
        </label>
        <button type="submit" class="button primary">
          Open
        </button>
      </form>
    </dialog>
  )
}
