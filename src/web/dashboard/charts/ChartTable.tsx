/**
 * What a chart shows, as a table to be opened.
 */

export interface TableOf {
  readonly head: ReadonlyArray<string>
  /** The first cell of a row names it. */
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
}

interface ChartTableProps {
  readonly caption: string
  readonly table: TableOf
  /** Where the name of a row leads. */
  readonly hrefOf?: ((row: number) => string) | undefined
}

export const ChartTable = ({ caption, hrefOf, table: { head, rows } }: ChartTableProps) => (
  <details class="chart-table">
    <summary>
      As a table<span class="sr-only">: {caption}</span>
    </summary>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must be able to */}
    <div class="chart-table-scroll" tabIndex={0} role="region" aria-label={`${caption}, as a table`}>
      <table>
        <thead>
          <tr>
            {head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name = "", ...cells], row) => (
            <tr key={name}>
              <th scope="row">
                {hrefOf === undefined ? (
                  name
                ) : (
                  <a class="link" href={hrefOf(row)}>
                    {name}
                  </a>
                )}
              </th>
              {cells.map((cell, i) => (
                <td key={head[i + 1]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </details>
)
