/**
 * Beside the source: why it failed, what to do, and what else is known.
 */
import type { ComponentChildren } from "preact"
import type { Failure } from "../../event/FailureReport.js"
import { Icon } from "../kit/Icon.js"
import { ValueTable } from "../kit/ValueTable.js"
import { Analysis } from "./Analysis.js"
import type { FailurePanelProps } from "./failurePanelProps.js"

/** Whether there is anything to show. */
export const hasSide = ({ failure, index, whole }: FailurePanelProps): boolean =>
  saysMore(failure) ||
  failure.hint !== null ||
  (index === 0 && whole.analysis !== undefined) ||
  hasEntries(factsOf(failure)) ||
  urlOf(failure) !== undefined ||
  hasEntries(failure.stageAttributes) ||
  linksOf(failure).length > 1

export const FailureSide = ({ failure, index, show, tree, whole }: FailurePanelProps) => (
  <div class="failure-side">
    {saysMore(failure) && (
      <section class="callout why">
        <h3>Why</h3>
        <p>{failure.exactCause}</p>
      </section>
    )}
    {failure.hint !== null && (
      <section class="callout hint">
        <h3>
          <Icon name="bulb" />
          Hint
          {failure.rule !== null && <span class="chip">{failure.rule}</span>}
        </h3>
        <p>{failure.hint}</p>
      </section>
    )}
    {index === 0 && whole.analysis !== undefined && (
      <Analysis analysis={whole.analysis} latencySeconds={whole.latencySeconds} cited={{ failure, tree, show }} />
    )}
    <MoreAbout url={urlOf(failure)} />
    {hasEntries(factsOf(failure)) && (
      <Block title="Facts" class="block facts-of">
        <ValueTable values={factsOf(failure)} />
      </Block>
    )}
    {hasEntries(failure.stageAttributes) && (
      <Block title="Annotated" class="block annotated">
        <ValueTable values={failure.stageAttributes} />
      </Block>
    )}
    {linksOf(failure).length > 1 && (
      <Block title="Chain" class="block">
        <ol class="chain">
          {linksOf(failure).map((link) => (
            <li>{link}</li>
          ))}
        </ol>
      </Block>
    )}
  </div>
)

/** Whether the exact cause says more than the error itself. */
const saysMore = ({ errorMessage, errorType, exactCause }: Failure): boolean =>
  exactCause !== "" && exactCause !== errorMessage && exactCause !== `${errorType}: ${errorMessage}`

const hasEntries = (values: Failure["facts"]): boolean => Object.keys(values).length > 0

/** What the error says in fields of its own; its tag is its type, which the page has at the top. */
const factsOf = ({ details, errorType, facts }: Failure): Failure["facts"] => {
  const { tag, ...rest } = facts
  return { ...details?.labels, ...(tag === undefined || tag === errorType ? rest : facts) }
}

/** A page of the web, and nothing that could run. */
const urlOf = ({ details }: Failure): string | undefined =>
  details?.url != null && /^https?:\/\//.test(details.url) ? details.url : undefined

/** The errors that caused one another, where they are not shown one by one. */
const linksOf = ({ causes, exceptionChain }: Failure): ReadonlyArray<string> =>
  causes.length > 0 ? [] : exceptionChain.split(" <- ")

const MoreAbout = ({ url }: { readonly url: string | undefined }) =>
  url === undefined ? null : (
    <Block title="More about it" class="block">
      <a href={url} rel="noreferrer">
        {url}
      </a>
    </Block>
  )

interface BlockProps {
  readonly title: string
  readonly class: string
  readonly children: ComponentChildren
}

const Block = ({ children, class: name, title }: BlockProps) => (
  <section class={name}>
    <h3>{title}</h3>
    {children}
  </section>
)
