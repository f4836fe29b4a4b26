/**
 * Which columns the list has.
 */
import { Glyph } from "../Glyph.js"
import { Menu } from "../Menu.js"
import { address, changeQuery } from "../router.js"
import { chosenColumns, columns, columnsText } from "./columns.js"

export const ColumnChooser = () => {
  const chosen = chosenColumns(address.value.query.get("columns")).map(({ name }) => name)
  return (
    <Menu title="Columns" glyph={<Glyph name="columns" />}>
      <fieldset class="column-list">
        <legend class="sr-only">Columns</legend>
        {columns.map(({ name, title }) => (
          <label key={name} class="check">
            <input
              type="checkbox"
              checked={chosen.includes(name)}
              disabled={chosen.length === 1 && chosen.includes(name)}
              onChange={({ currentTarget }) => {
                const next = columns.filter((column) =>
                  column.name === name ? currentTarget.checked : chosen.includes(column.name)
                )
                changeQuery({ columns: columnsText(next.map((column) => column.name)) }, "replace")
              }}
            />
            {title}
          </label>
        ))}
      </fieldset>
      <button type="button" class="link" onClick={() => changeQuery({ columns: "" }, "replace")}>
        The usual ones
      </button>
    </Menu>
  )
}
