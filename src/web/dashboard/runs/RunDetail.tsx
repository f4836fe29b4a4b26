/**
 * The run that is open, beside the list.
 */
import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import { CopyButton } from "../../kit/CopyButton.js"
import { StatusBadge } from "../../kit/StatusMark.js"
import { Glyph } from "../Glyph.js"
import { ErrorNotice } from "../Notice.js"
import { useKeys } from "../pageKeys.js"
import { changeQuery } from "../router.js"
import { useLoaded } from "../useLoaded.js"
import { RunEdit } from "./RunEdit.js"
import { Children, Facts, Failure, Values } from "./RunParts.js"
import { RunStory } from "./RunStory.js"
import { statusOf, textOf } from "./runRow.js"
import { loadRun, type OpenRun } from "./runState.js"

interface RunDetailProps {
  readonly id: string
  /** After a change of it. */
  readonly onChanged: () => void
}

export const RunDetail = ({ id, onChanged }: RunDetailProps) => {
  const loaded = useLoaded(id, (signal) => loadRun(id, signal))
  const isEditing = useSignal(false)
  const opened = loaded.value?.run.event_id === id ? loaded.value : undefined
  useKeys([
    {
      keys: ["e"],
      does: "Edit the run",
      run: () => {
        isEditing.value = true
      }
    }
  ])
  return (
    <section class="run-detail" aria-label="Run" aria-busy={opened === undefined && loaded.isLoading}>
      {loaded.error !== undefined && (
        <>
          <CloseButton />
          <ErrorNotice what="The run could not be loaded" error={loaded.error} onRetry={loaded.reload} />
        </>
      )}
      {opened !== undefined && (
        <>
          <Head opened={opened} onEdit={() => (isEditing.value = !isEditing.value)} isEditing={isEditing.value} />
          {isEditing.value ? (
            <RunEdit
              key={opened.tag}
              opened={opened}
              onCancel={() => (isEditing.value = false)}
              onSaved={() => {
                isEditing.value = false
                loaded.reload()
                onChanged()
              }}
            />
          ) : (
            <Body opened={opened} />
          )}
        </>
      )}
    </section>
  )
}

const Body = ({ opened: { run } }: { readonly opened: OpenRun }) => {
  const story = textOf(run, "story_id")
  return (
    <div class="run-parts">
      <Facts run={run} />
      {story === "" ? <Failure run={run} /> : <RunStory key={story} id={story} otherwise={<Failure run={run} />} />}
      <Children run={run} />
      <Values run={run} />
    </div>
  )
}

interface HeadProps {
  readonly opened: OpenRun
  readonly isEditing: boolean
  readonly onEdit: () => void
}

const Head = ({ isEditing, onEdit, opened: { run } }: HeadProps) => {
  const title = useRef<HTMLHeadingElement>(null)
  const id = textOf(run, "run_id")
  // On a narrow page it covers the list.
  useEffect(() => title.current?.scrollIntoView({ block: "nearest" }), [run.event_id])
  return (
    <header class="run-head">
      <div class="run-head-line">
        <StatusBadge status={statusOf(run)} unfinished={false} />
        <span class="chip">{textOf(run, "job_type")}</span>
        <span class="topbar-space" />
        <button
          type="button"
          class="button with-glyph small"
          aria-pressed={isEditing}
          title="Edit (e)"
          onClick={onEdit}
        >
          <Glyph name="edit" />
          Edit
        </button>
        <CloseButton />
      </div>
      <h2 ref={title}>{textOf(run, "agent_name")}</h2>
      <p class="run-id">
        <code>{id}</code>
        <CopyButton text={id} what="run id" />
      </p>
    </header>
  )
}

const CloseButton = () => (
  <button
    type="button"
    class="plain"
    title="Close (Esc)"
    aria-label="Close the run"
    onClick={() => changeQuery({ run: "" })}
  >
    <Glyph name="close" />
  </button>
)
