/**
 * The list of keys, in a dialog.
 */
import { type Signal, useSignalEffect } from "@preact/signals"
import { useRef } from "preact/hooks"
import type { Key } from "./keys.js"

interface KeyListProps {
  readonly keys: ReadonlyArray<Pick<Key, "does" | "keys">>
  readonly isOpen: Signal<boolean>
}

export const KeyList = ({ isOpen, keys }: KeyListProps) => {
  const dialog = useRef<HTMLDialogElement>(null)
  useSignalEffect(() => {
    if (isOpen.value) dialog.current?.showModal()
    else dialog.current?.close()
  })
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it, by itself
    <dialog
      ref={dialog}
      class="help"
      id="help"
      aria-label="Keys"
      onClose={() => {
        isOpen.value = false
      }}
      onClick={({ currentTarget, target }) => {
        // Outside of what is in it: on the backdrop.
        if (target === currentTarget) currentTarget.close()
      }}
    >
      <h2>Keys</h2>
      <dl>
        {keys.map(({ does, keys }) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit" class="button">
          Close
        </button>
      </form>
    </dialog>
  )
}
