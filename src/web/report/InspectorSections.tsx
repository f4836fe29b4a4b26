/**
 * What is known of a stage or story beyond its times: its error, retries, values, log lines and ids.
 */
import type { ComponentChildren } from "preact"
import type { PageEntry, PageNode } from "../../renderer/html/pageData.js"
import { CopyButton } from "../kit/CopyButton.js"
import { duration, offset } from "../kit/format.js"
import { ValueTable } from "../kit/ValueTable.js"
import { levelClass, levelOf } from "./logState.js"
import type { TreeNode } from "./tree.js"

/** Most log lines and notes listed. */
const maxEntries = 30

interface InspectorSectionsProps {
  readonly item: TreeNode
  /** Shows the report of its failure, where there is one. */
  readonly showFailure: (() => void) | undefined
}

export const InspectorSections = ({ item, showFailure }: InspectorSectionsProps) => {
  const { entries, node } = item
  const labels = node.story?.labels ?? {}
  return (
    <>
      {node.error !== undefined && <ErrorSection error={node.error} showFailure={showFailure} />}
      {node.story?.causedBy !== undefined && (
        <Section title="Caused by">
          <p>{`${node.story.causedBy.errorType} in ${node.story.causedBy.storyName}`}</p>
        </Section>
      )}
      {node.orphaned === true && <p class="hint">Still running when its story ended.</p>}
      {node.interruptors !== undefined && (
        <Section title="Interrupted by">
          {node.interruptors.map(({ fiberId, stageName, storyName }) => (
            <p key={fiberId}>{[stageName, storyName, fiberId].filter((text) => text !== null).join(" · ")}</p>
          ))}
        </Section>
      )}
      {node.retries !== undefined && <Retries retries={node.retries} />}
      {node.attributes !== undefined && (
        <Section title="Attributes">
          <ValueTable values={node.attributes} />
        </Section>
      )}
      {Object.keys(labels).length > 0 && (
        <Section title="Labels">
          <ValueTable values={labels} />
        </Section>
      )}
      {entries.length > 0 && <Entries entries={entries} />}
      {(node.traceId !== undefined || node.spanId !== undefined) && <Ids node={node} />}
    </>
  )
}

interface SectionProps {
  readonly title: string
  readonly children: ComponentChildren
}

const Section = ({ children, title }: SectionProps) => (
  <section class="inspector-section">
    <h4>{title}</h4>
    {children}
  </section>
)

interface ErrorSectionProps {
  readonly error: NonNullable<PageNode["error"]>
  readonly showFailure: (() => void) | undefined
}

const ErrorSection = ({ error, showFailure }: ErrorSectionProps) => (
  <Section title="Error">
    <p class="error-line">
      <strong>{error.type}</strong>
      {` ${error.message}`}
    </p>
    {showFailure !== undefined && (
      <button type="button" class="link" onClick={showFailure}>
        Show the report
      </button>
    )}
  </Section>
)

const Retries = ({ retries }: { readonly retries: NonNullable<PageNode["retries"]> }) => (
  <Section title="Retries">
    <ol class="retries">
      {retries.map(({ at, attempt, delaySeconds, reason }) => (
        <li key={attempt}>
          <span class="muted">{`${offset(at)}  attempt ${attempt} after ${duration(delaySeconds)}`}</span>
          <span>{reason}</span>
        </li>
      ))}
    </ol>
  </Section>
)

const Entries = ({ entries }: { readonly entries: ReadonlyArray<PageEntry> }) => (
  <Section title="Log and notes">
    <ul class="entries-small">
      {entries.slice(0, maxEntries).map((entry) => (
        <li>
          <span class="muted">{offset(entry.at)}</span>
          <span class={`level ${levelClass(levelOf(entry))}`}>{levelOf(entry)}</span>
          <span>{entry.text}</span>
        </li>
      ))}
      {entries.length > maxEntries && <li class="muted">{`${entries.length - maxEntries} more`}</li>}
    </ul>
  </Section>
)

const Ids = ({ node }: { readonly node: PageNode }) => (
  <Section title="Trace">
    <dl class="facts ids">
      <Id name="trace" id={node.traceId} />
      <Id name="span" id={node.spanId} />
      <Id name="story" id={node.story?.id} />
    </dl>
  </Section>
)

const Id = ({ id, name }: { readonly name: string; readonly id: string | undefined }) =>
  id === undefined ? null : (
    <div>
      <dt>{name}</dt>
      <dd>
        <code>{id}</code>
        <CopyButton text={id} what={`${name} id`} />
      </dd>
    </div>
  )
