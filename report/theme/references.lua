-- GB/T 7714 writes "et al" and "3rd ed" in entries of works in English; the style knows one
-- language only and writes 等 and 3 版 in all. Runs after citeproc.

local function is_chinese(text)
  for _, code in utf8.codes(text) do
    if code >= 0x4e00 and code <= 0x9fff then return true end
  end
  return false
end

local function ordinal(number)
  local endings = { ["1"] = "st", ["2"] = "nd", ["3"] = "rd" }
  local teen = number:match("1%d$")
  return number .. (not teen and endings[number:sub(-1)] or "th")
end

local function in_english(inlines)
  for i, inline in ipairs(inlines) do
    if inline.t == "Str" then
      inline.text = inline.text:gsub("^等", "et al")
      local number = inlines[i - 2]
      if inline.text:match("^版") and number and number.t == "Str" and number.text:match("^%d+$") then
        number.text = ordinal(number.text)
        inline.text = inline.text:gsub("^版", "ed")
      end
    end
  end
  return inlines
end

local function is_english_entry(inlines)
  local text = pandoc.utils.stringify(inlines)
  return not is_chinese((text:gsub(" 等", ""):gsub(" 版", "")))
end

local function mend_entry(entry)
  for _, block in ipairs(entry.content) do
    for _, inline in ipairs(block.content or {}) do
      if inline.t == "Span" and inline.classes:includes("csl-right-inline")
        and is_english_entry(inline.content) then
        inline.content = inline.content:walk({ Inlines = in_english })
      end
    end
  end
end

-- On paper no line begins with the raised number of a source: it is boxed with the last character
-- of its word.
local function held_to_its_word(inlines)
  for i = #inlines, 2, -1 do
    local word = inlines[i - 1]
    local place = word.t == "Str" and utf8.offset(word.text, -1)
    if inlines[i].t == "Cite" and place and is_chinese(word.text:sub(place)) then
      local held = { pandoc.RawInline("typst", "#box["), pandoc.Str(word.text:sub(place)), inlines[i],
        pandoc.RawInline("typst", "]") }
      word.text = word.text:sub(1, place - 1)
      inlines:remove(i)
      for k = #held, 1, -1 do inlines:insert(i, held[k]) end
    end
  end
  return inlines
end

function Pandoc(doc)
  local lang = doc.meta.lang and pandoc.utils.stringify(doc.meta.lang) or "en"
  if lang:sub(1, 2) ~= "zh" then return nil end
  doc.blocks = doc.blocks:walk({
    Div = function(div)
      if div.classes:includes("csl-entry") then
        mend_entry(div)
        return div
      end
    end,
  })
  if FORMAT == "typst" then
    doc.blocks = doc.blocks:walk({ Inlines = held_to_its_word })
  end
  return doc
end
