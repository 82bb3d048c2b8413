-- The report's own dialect, for either renderer (Quarto runs it before its own filters):
--   @sec-x            -> a link "Section 2.1" / "第 2.1 节" / "Appendix A.1" / "附录 A.1"
--   # Title {.annex}  -> an appendix chapter: it and what is below it count A, A.1, A.2, B ...
--   ::: {.table-note} -> small print under a table or a figure, which on paper it moves with
--   ::: {.small}      -> smaller type, for a table with many columns
-- Quarto numbers sections but cannot write 第 2.1 节, nor letter the appendices of a single
-- document; hence both are done here, the same for everyone.

local words = {
  en = { section = "Section ", after = "", appendix = "Appendix ", stop = ".", join = ", ", gap = " " },
  zh = { section = "第 ", after = " 节", appendix = "附录 ", stop = "", join = "、", gap = "　" },
}
local word = words.en
local number_of = {}
local is_annex = {}

local function read_language(meta)
  local lang = meta.lang and pandoc.utils.stringify(meta.lang) or "en"
  word = words[lang:sub(1, 2)] or words.en
end

local function count(counters, level)
  counters[level] = (counters[level] or 0) + 1
  for deeper = level + 1, 6 do
    counters[deeper] = 0
  end
  local parts = {}
  for i = 1, level do
    parts[i] = tostring(counters[i] or 0)
  end
  return parts
end

local function letter_heading(header, counters)
  local parts = count(counters, header.level)
  parts[1] = string.char(64 + counters[1])
  local number = table.concat(parts, ".")
  local label = header.level == 1 and word.appendix .. number .. word.stop or number
  header.content:insert(1, pandoc.Str(word.gap))
  header.content:insert(1, pandoc.Span(pandoc.Str(label), { class = "header-section-number" }))
  header.classes:insert("unnumbered")
  number_of[header.identifier] = number
  is_annex[header.identifier] = true
  return header
end

-- Headings inside divisions are titles of callouts, not sections.
local function number_headings(blocks)
  local plain, lettered, in_annex = {}, {}, false
  local out = pandoc.Blocks({})
  for _, block in ipairs(blocks) do
    if block.t == "Header" then
      if block.level == 1 then in_annex = block.classes:includes("annex") end
      block.classes = block.classes:filter(function(c) return c ~= "annex" end)
      if in_annex and not block.classes:includes("unnumbered") then
        block = letter_heading(block, lettered)
      elseif not block.classes:includes("unnumbered") then
        number_of[block.identifier] = table.concat(count(plain, block.level), ".")
      end
    end
    out:insert(block)
  end
  return out
end

local function section_link(citation)
  local number = number_of[citation.id]
  local text = number
  if citation.mode ~= "SuppressAuthor" then
    text = is_annex[citation.id] and word.appendix .. number or word.section .. number .. word.after
  end
  text = text:gsub(" ", "\u{a0}")
  return pandoc.Link({ pandoc.Str(text) }, "#" .. citation.id, "", { class = "quarto-xref" })
end

local function link_sections(cite)
  local out = pandoc.Inlines({})
  for i, citation in ipairs(cite.citations) do
    if not citation.id:match("^sec%-") then
      return nil
    elseif not number_of[citation.id] then
      io.stderr:write("[WARNING] Unable to resolve crossref @" .. citation.id .. "\n")
      return nil
    end
    if i > 1 then
      out:insert(pandoc.Str(word.join))
    end
    out:insert(section_link(citation))
  end
  return out
end

-- Rebuild a list of blocks, those inside plain divisions first. Divisions that stand for
-- something of Quarto's own are not entered.
local function rebuild(blocks, change)
  for _, block in ipairs(blocks) do
    if block.t == "Div" and not block.attributes["__quarto_custom"] then
      block.content = rebuild(block.content, change)
    end
  end
  return change(blocks)
end

local function wrapped(content, open, close)
  local out = pandoc.Blocks({ pandoc.RawBlock("typst", open) })
  out:extend(content)
  out:insert(pandoc.RawBlock("typst", close))
  return out
end

local function is_note(block)
  return block and block.t == "Div" and block.classes:includes("table-note")
end

local function announces(block)
  local text = block.t == "Para" and pandoc.utils.stringify(block) or ""
  return text:match(":%s*$") or text:match("：%s*$")
end

local function dress(block)
  if FORMAT:match("typst") and announces(block) then
    return wrapped({ block }, "#announcing[", "]")
  end
  if FORMAT:match("typst") and is_note(block) then
    return wrapped(block.content, "#table-note[", "]")
  elseif FORMAT:match("typst") and block.t == "Div" and block.classes:includes("small") then
    return wrapped(block.content, "#small-print[", "]")
  elseif FORMAT:match("docx") and is_note(block) then
    block.attributes["custom-style"] = "Table Note"
  end
  return pandoc.Blocks({ block })
end

local function is_captioned(block)
  if block.t == "Figure" or block.t == "Table" then
    return block.identifier:match("^fig%-") or block.identifier:match("^tbl%-")
  elseif block.t ~= "Div" then
    return false
  end
  local labelled = block.identifier:match("^fig%-") or block.identifier:match("^tbl%-")
  return labelled or block.attributes["__quarto_custom_type"] == "FloatRefTarget"
    or block.classes:includes("small") and block.content[1] and is_captioned(block.content[1])
end

-- A table that may break over pages says so where it goes on: an empty first row of its head,
-- repeated with it, holds the words.
local LONG = 15 -- rows; the template keeps what is shorter on one page
-- So many rows are taller than what the template keeps whole, in the smallest type: measuring them
-- takes as long as setting them.
local TALL = 30

local function rows_of(t)
  local rows = 0
  for _, body in ipairs(t.bodies) do rows = rows + #body.body end
  return rows
end

local function is_tall(block)
  local tall = false
  pandoc.Div({ block }):walk({ Table = function(t) tall = tall or rows_of(t) > TALL end })
  return tall
end

local function continue(block)
  local long = false
  local out = pandoc.Div({ block }):walk({ Table = function(t)
    if rows_of(t) <= LONG or #t.head.rows ~= 1 then return nil end
    local cell = pandoc.Cell({ pandoc.RawBlock("typst", "#continued") })
    cell.col_span = #t.colspecs
    t.head.rows:insert(1, pandoc.Row({ cell }))
    long = true
    return t
  end }).content[1]
  return long and wrapped(dress(out), "#with-continued[", "]") or dress(out)
end

-- Where the paragraph before a figure ends: what is left of the page from there on.
local function mark_room(before, figure)
  if figure.t ~= "Figure" or not before or before.t ~= "Para" then return "" end
  local mark = "<room-" .. figure.identifier .. ">"
  before.content:insert(pandoc.RawInline("typst", "#metadata(none)" .. mark))
  return "(room: " .. mark .. ")"
end

-- On paper nothing floats: a figure or table stands where it is called, and its note with it.
local function dress_all(list)
  local out, typst, i, room = pandoc.Blocks({}), FORMAT:match("typst"), 1, ""
  while i <= #list do
    local kept = typst and is_captioned(list[i])
    if kept and is_tall(list[i]) then room = "(tall: true)" end
    if typst and list[i + 1] and is_captioned(list[i + 1]) then
      room = mark_room(list[i], list[i + 1])
    end
    local dressed = dress(list[i])
    if kept then
      dressed = continue(list[i])
      if is_note(list[i + 1]) then
        dressed:extend(dress(list[i + 1]))
        i = i + 1
      end
      dressed = wrapped(dressed, "#in-place" .. room .. "[", "]")
      room = ""
    end
    out:extend(dressed)
    i = i + 1
  end
  return out
end

function Pandoc(doc)
  read_language(doc.meta)
  doc.blocks = rebuild(number_headings(doc.blocks), dress_all)
  doc.blocks = doc.blocks:walk({ Cite = link_sections })
  return doc
end
