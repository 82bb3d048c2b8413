-- What Quarto's own filters do, for the dialect the chapters use: numbered figures, tables
-- and equations with references to them, column widths, callouts, landscape pages and page
-- breaks. Runs after report.lua and before citeproc, in the embedded renderer only.
-- In Typst the floats carry Quarto's kinds, so that one template serves both renderers.

local typst, docx, html = FORMAT:match("typst"), FORMAT:match("docx"), FORMAT:match("html")
local words = {
  en = { note = "Note", tip = "Tip", warning = "Warning", important = "Important",
         caution = "Caution" },
  zh = { note = "注释", tip = "提示", warning = "警告", important = "重要", caution = "注意" },
}
local title = { fig = "Figure", tbl = "Table", eq = "Equation" }
local delimiter = "."
local word = words.en
local number_of = {}
local write_inside -- what stands inside a callout or on a landscape page; defined at the end
local registered, written = 0, 0
local counter = { fig = 0, tbl = 0, eq = 0 }
local suffix = "" -- of a picture whose name has none
local by_chapter, chapter, chapters = false, "", 0

local function read_metadata(meta)
  local lang = meta.lang and pandoc.utils.stringify(meta.lang) or "en"
  word = words[lang:sub(1, 2)] or words.en
  local crossref = meta.crossref or {}
  local function option(key, default)
    return crossref[key] and pandoc.utils.stringify(crossref[key]) or default
  end
  title.fig = option("fig-title", title.fig)
  title.tbl = option("tbl-title", title.tbl)
  title.eq = option("eq-prefix", title.eq)
  delimiter = option("title-delim", delimiter)
  suffix = meta["default-image-extension"]
    and pandoc.utils.stringify(meta["default-image-extension"]) or ""
  by_chapter = crossref.chapters and pandoc.utils.stringify(crossref.chapters) == "true"
end

local function raw(text)
  return pandoc.RawBlock("typst", text)
end

local function kind_of(identifier)
  return identifier:match("^(%a+)%-")
end

local function register(identifier)
  local kind = kind_of(identifier)
  counter[kind] = counter[kind] + 1
  number_of[identifier] = by_chapter and chapter .. "-" .. counter[kind] or tostring(counter[kind])
  registered = registered + 1
end

local function label(identifier)
  return title[kind_of(identifier)] .. "\u{a0}" .. number_of[identifier]
end

local function equation_label(para)
  local last = para.content[#para.content]
  return last and last.t == "Str" and last.text:match("^{#(eq%-[^}]+)}$")
end

-- Every block in reading order, those inside divisions and quotations too.
local function each_block(blocks, visit)
  for _, block in ipairs(blocks) do
    visit(block)
    if block.t == "Div" or block.t == "BlockQuote" then each_block(block.content, visit) end
  end
end

-- Tables of chapter 4 count 4-1, 4-2 … where the report asks for it, those of Appendix A, A-1.
local function begin_chapter(header)
  local lettered = pandoc.utils.stringify(header):match("^[^%w]*%a*[^%w]*(%u)[.%s\u{3000}]")
  if not header.classes:includes("unnumbered") then
    chapters = chapters + 1
    chapter = tostring(chapters)
  else
    chapter = lettered or ""
  end
  counter = { fig = 0, tbl = 0, eq = 0 }
end

-- pass 1: number everything in reading order -------------------------------------------------

local function labelled_kind(block)
  local kind = kind_of(block.identifier)
  if block.t == "Figure" and kind == "fig" or block.t == "Table" and kind == "tbl" then
    return kind
  elseif block.t == "Div" and (kind == "fig" or kind == "tbl") then
    return kind
  end
end

local function number_floats(blocks)
  each_block(blocks, function(block)
    if block.t == "Figure" or block.t == "Table" or block.t == "Div" then
      if labelled_kind(block) then register(block.identifier) end
    elseif block.t == "Para" and equation_label(block) then
      register(equation_label(block))
    elseif block.t == "Header" and block.classes:includes("annex") then
      error("an appendix was left without its letter")
    elseif block.t == "Header" and block.level == 1 and by_chapter then
      begin_chapter(block)
    end
  end)
end

-- pass 2: write floats ------------------------------------------------------------------------

local function numbered_caption(identifier, caption)
  local number = pandoc.Str(label(identifier) .. delimiter)
  local out = pandoc.Inlines({
    docx and pandoc.Strong({ number }) or pandoc.Span(number, { class = "caption-label" }),
    pandoc.Str(word == words.zh and "　" or " "),
  })
  out:extend(caption)
  return out
end

local function typst_float(identifier, caption, content)
  local kind = kind_of(identifier)
  local position = kind == "tbl" and "top" or "bottom"
  local out = pandoc.Blocks({ raw("#figure([") })
  out:extend(content)
  out:insert(raw("], caption: figure.caption(position: " .. position .. ", ["))
  out:insert(pandoc.Plain(caption))
  -- the number is that of the reading order: a float may stand before an earlier table
  out:insert(raw(string.format(
    '], ), kind: "quarto-float-%s", supplement: "%s", numbering: (..n) => "%s")<%s>',
    kind, title[kind], number_of[identifier], identifier)))
  return out
end

local function docx_caption(identifier, caption, style)
  local text = pandoc.Span(numbered_caption(identifier, caption), { id = identifier })
  return pandoc.Div({ pandoc.Para({ text }) }, { ["custom-style"] = style })
end

local function docx_float(identifier, caption, content)
  if kind_of(identifier) == "tbl" then
    local out = pandoc.Blocks({ docx_caption(identifier, caption, "Table Caption") })
    out:extend(content)
    return out
  end
  return pandoc.Blocks({
    pandoc.Div(content, { ["custom-style"] = "Captioned Figure" }),
    docx_caption(identifier, caption, "Image Caption"),
  })
end

local function html_float(identifier, caption, content)
  local kind = kind_of(identifier)
  local figcaption = pandoc.Blocks({ pandoc.RawBlock("html", "<figcaption>"),
    pandoc.Plain(numbered_caption(identifier, caption)), pandoc.RawBlock("html", "</figcaption>") })
  local out = pandoc.Blocks({
    pandoc.RawBlock("html", string.format('<figure id="%s" class="float-%s">', identifier, kind)) })
  if kind == "tbl" then out:extend(figcaption) end
  local about = pandoc.utils.stringify(numbered_caption(identifier, caption))
  local class = kind == "tbl" and "table-scroll" or "figure-body"
  -- a list of pairs: the order of a Lua table's keys changes from run to run
  local reached = { { "tabindex", "0" }, { "role", "region" }, { "aria-label", about } }
  out:insert(pandoc.Div(content, pandoc.Attr("", { class }, reached)))
  if kind == "fig" then out:extend(figcaption) end
  out:insert(pandoc.RawBlock("html", "</figure>"))
  return out
end

local function float(identifier, caption, content)
  written = written + 1
  if typst then
    return typst_float(identifier, caption, content)
  elseif docx then
    return docx_float(identifier, caption, content)
  end
  return html_float(identifier, caption, content)
end

-- A name without a suffix stands for one file on screen and paper, another in Word.
local function with_suffix(image)
  if suffix ~= "" and not image.src:match("%.%a%w*$") then
    image.src = image.src .. "." .. suffix
  end
  return image
end

local function caption_of(el)
  return pandoc.utils.blocks_to_inlines(el.caption.long)
end

local function bare_image(image)
  if image.attributes["fig-alt"] then
    image.attributes.alt = image.attributes["fig-alt"]
    image.attributes["fig-alt"] = nil
  end
  local words_for_the_blind = image.attributes.alt or pandoc.utils.stringify(image.caption)
  image.attributes.alt = typst and words_for_the_blind or nil
  image.caption = pandoc.Inlines(words_for_the_blind)
  return image
end

local function write_figure(el)
  if kind_of(el.identifier) ~= "fig" then return nil end
  local images = pandoc.Blocks({})
  el:walk({ Image = function(image) images:insert(pandoc.Plain({ bare_image(image) })) end })
  return float(el.identifier, caption_of(el), images)
end

local function set_widths(el)
  local spec = el.attributes["tbl-colwidths"]
  el.attributes["tbl-colwidths"] = nil
  if not spec or not spec:match("%d") then return el end
  local widths, total = {}, 0
  for number in spec:gmatch("[%d.]+") do
    table.insert(widths, tonumber(number))
    total = total + tonumber(number)
  end
  if #widths ~= #el.colspecs then
    io.stderr:write(string.format("[WARNING] tbl-colwidths of %s names %d widths for %d columns\n",
      el.identifier, #widths, #el.colspecs))
    return el
  end
  for i, width in ipairs(widths) do
    el.colspecs[i] = { el.colspecs[i][1], width / total }
  end
  return el
end

local function write_table(el)
  el = set_widths(el)
  if kind_of(el.identifier) ~= "tbl" then
    return html and pandoc.Div({ el }, { class = "table-scroll" }) or el
  end
  local identifier, caption = el.identifier, caption_of(el)
  el.identifier = ""
  el.caption = { long = {} }
  return float(identifier, caption, pandoc.Blocks({ el }))
end

local function write_float_div(el)
  local content = el.content
  local last = content[#content]
  local caption = pandoc.Inlines({})
  if last and last.t == "Para" then
    caption = last.content
    content:remove(#content)
  end
  content = content:walk({ Image = bare_image, Table = set_widths })
  return float(el.identifier, caption, content)
end

-- pass 2: callouts, pages, equations -----------------------------------------------------------

local function callout_title(el, kind)
  local first = el.content[1]
  if first and first.t == "Header" then
    el.content:remove(1)
    return first.content
  elseif el.attributes.title then
    return pandoc.Inlines(el.attributes.title)
  end
  return pandoc.Inlines(word[kind])
end

local function write_callout(el, kind)
  local heading = callout_title(el, kind)
  el.content = write_inside(el.content)
  if typst then
    local out = pandoc.Blocks({ raw('#report-callout("' .. kind .. '", ['), pandoc.Plain(heading),
      raw("])[") })
    out:extend(el.content)
    out:insert(raw("]"))
    return out
  end
  local style = kind:sub(1, 1):upper() .. kind:sub(2)
  local head_attr = docx and { ["custom-style"] = style .. " Title" } or { class = "callout-title" }
  local body_attr = docx and { ["custom-style"] = style .. " Text" } or { class = "callout-body" }
  local parts = pandoc.Blocks({ pandoc.Div({ pandoc.Para(heading) }, head_attr),
    pandoc.Div(el.content, body_attr) })
  if docx then return parts end
  return pandoc.Div(parts, { class = "callout callout-" .. kind })
end

local A4 = { 11906, 16838 }

local function section_break(landscape)
  local width, height = A4[1], A4[2]
  local orient = ""
  if landscape then width, height, orient = height, width, ' w:orient="landscape"' end
  return pandoc.RawBlock("openxml", string.format(
    '<w:p><w:pPr><w:sectPr><w:type w:val="nextPage"/><w:pgSz w:w="%d" w:h="%d"%s/></w:sectPr></w:pPr></w:p>',
    width, height, orient))
end

local function write_landscape(el)
  local out = write_inside(el.content)
  if typst then
    out:insert(1, raw("#page(flipped: true)["))
    out:insert(raw("]"))
  elseif docx then
    out:insert(1, section_break(false))
    out:insert(section_break(true))
  end
  return out
end

local function write_page_break()
  if typst then
    return raw("#pagebreak(weak: true)")
  elseif docx then
    return pandoc.RawBlock("openxml", '<w:p><w:r><w:br w:type="page"/></w:r></w:p>')
  end
  return pandoc.Div({}, { class = "page-break" })
end

local function write_div(el)
  local kind = kind_of(el.identifier)
  if kind == "fig" or kind == "tbl" then return write_float_div(el) end
  if el.classes:includes("landscape") then return write_landscape(el) end
  if el.classes:includes("page-break") then return write_page_break() end
  for name in pairs(word) do
    if el.classes:includes("callout-" .. name) then return write_callout(el, name) end
  end
end

local function write_equation(el)
  local id = equation_label(el)
  if not id then return nil end
  written = written + 1
  el.content:remove(#el.content)
  local formula
  for _, inline in ipairs(el.content) do
    if inline.t == "Math" then formula = inline end
  end
  local number = "(" .. number_of[id] .. ")"
  if typst then
    return pandoc.Para({
      pandoc.RawInline("typst", '#math.equation(block: true, numbering: "(1)", ['), formula,
      pandoc.RawInline("typst", "])<" .. id .. ">") })
  elseif docx then
    formula.text = formula.text .. "\\qquad " .. number
    return pandoc.Para({ pandoc.Span({ formula }, { id = id }) })
  end
  return pandoc.Div({ pandoc.Plain({ formula,
    pandoc.Span(pandoc.Str(number), { class = "equation-number" }) }) },
    { id = id, class = "equation" })
end

-- pass 3: references ---------------------------------------------------------------------------

local function reference(citation)
  local suppressed = citation.mode == "SuppressAuthor"
  if typst then
    local supplement = suppressed and "none" or "[" .. title[kind_of(citation.id)] .. "]"
    return pandoc.RawInline("typst",
      string.format("#ref(<%s>, supplement: %s);", citation.id, supplement))
  end
  local text = suppressed and tostring(number_of[citation.id]) or label(citation.id)
  return pandoc.Link({ pandoc.Str(text) }, "#" .. citation.id, "", { class = "quarto-xref" })
end

local function write_references(cite)
  local out = pandoc.Inlines({})
  for i, citation in ipairs(cite.citations) do
    if not title[kind_of(citation.id) or ""] then return nil end
    if not number_of[citation.id] then
      io.stderr:write("[WARNING] Unable to resolve crossref @" .. citation.id .. "\n")
      return nil
    end
    if i > 1 then out:insert(pandoc.Str(word == words.zh and "、" or ", ")) end
    out:insert(reference(citation))
  end
  return out
end

local writers = {
  Figure = write_figure,
  Table = write_table,
  Div = write_div,
  Para = write_equation,
}

write_inside = function(blocks)
  local out = pandoc.Blocks({})
  for _, block in ipairs(blocks) do
    local writer = writers[block.t]
    local new = writer and writer(block)
    if not new then
      if block.t == "Div" or block.t == "BlockQuote" then
        block.content = write_inside(block.content)
      end
      out:insert(block)
    elseif pandoc.utils.type(new) == "Blocks" then
      out:extend(new)
    else
      out:insert(new)
    end
  end
  return out
end

function Pandoc(doc)
  read_metadata(doc.meta)
  number_floats(doc.blocks)
  doc.blocks = write_inside(doc.blocks:walk({ Cite = write_references, Image = with_suffix }))
  if written ~= registered then
    error(string.format("%d captions were numbered, %d written", registered, written))
  end
  return doc
end
