//! Reads a `.env` file as version 16 of Node's dotenv does: what that takes is taken, to the letter, and a line that it
//! passes over is passed over here too, but told. Values are literal (no `$` is replaced), may be quoted, and then may
//! hold several lines.

/// One assignment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// The variable.
    pub name: String,
    /// Without quotes; trimmed where it had none.
    pub value: String,
    /// The line it begins on, from 1.
    pub line: usize,
}

/// A line that is no assignment, no comment and not empty. Its text is not kept: it may hold a secret.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// The word that it begins with, where that could be a variable's name; else empty.
    pub word: String,
    /// Its number, from 1.
    pub line: usize,
}

/// All assignments, in their order, and all lines that are none.
pub(crate) fn parse(text: &str) -> (Vec<Assignment>, Vec<Unreadable>) {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (mut assignments, mut unreadable) = (Vec::new(), Vec::new());
    let (mut rest, mut line) = (skip_space(&text), 1);
    let mut seen = 0;
    while !rest.is_empty() {
        let at = text.len() - rest.len();
        line += text[seen..at].matches('\n').count();
        seen = at;
        if rest.starts_with('#') {
            rest = after_line(rest);
        } else if let Some((name, value, after)) = assignment(rest) {
            assignments.push(Assignment { name: name.to_owned(), value: plain(value), line });
            rest = after;
        } else {
            let word = name_at(skip_export(rest).unwrap_or(rest)).0;
            unreadable.push(Unreadable { word: word.to_owned(), line });
            rest = after_line(rest);
        }
        rest = skip_space(rest);
    }
    (assignments, unreadable)
}

/// Takes one assignment off the front: its name, its value as it stands there, and what follows.
///
/// dotenv's expression for this is
/// `\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"…"|\s*`…`|[^#\r\n]+)?\s*(?:#.*)?$`, where `\s`
/// may be a line end.
fn assignment(text: &str) -> Option<(&str, &str, &str)> {
    skip_export(text).and_then(assignment_without_export).or_else(|| assignment_without_export(text))
}

fn assignment_without_export(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = name_at(text);
    let value = match skip_space(rest).strip_prefix('=') {
        Some(value) => value,
        // As in YAML; without the blank it would be an address and no assignment.
        None => rest.strip_prefix(':').and_then(|value| value.strip_prefix(is_space))?,
    };
    if name.is_empty() {
        return None;
    }
    if let Some((quoted, after)) = quoted(value) {
        return Some((name, quoted, after));
    }
    let end = value.find(['#', '\n']).unwrap_or(value.len());
    let after = &value[end..];
    Some((name, &value[..end], if after.starts_with('#') { after_line(after) } else { after }))
}

/// A value in quotes, which may begin on a later line, with its quotes; and what follows. `None` where it is to be read
/// as one without.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let text = skip_space(text);
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    // The first quote without a backslash before it closes; where something stands behind that one, an earlier one with
    // a backslash does if nothing stands behind it, the last first.
    let mut ends = Vec::new();
    let mut from = 1;
    while let Some(found) = text[from..].find(quote) {
        let at = from + found;
        ends.push(at + 1);
        if !escaped(&text[1..at]) {
            break;
        }
        from = at + 1;
    }
    ends.into_iter().rev().find_map(|end| after_value(&text[end..]).map(|after| (&text[..end], after)))
}

/// Whether what follows this text has a backslash before it that escapes it. dotenv looks at one alone: two do not
/// cancel each other.
fn escaped(text: &str) -> bool {
    text.ends_with('\\')
}

/// What follows a quoted value, where nothing stands behind it on its line but a comment.
fn after_value(text: &str) -> Option<&str> {
    let behind = skip_space(text);
    let blank = &text[..text.len() - behind.len()];
    if behind.starts_with('#') {
        return Some(after_line(behind));
    }
    (behind.is_empty() || blank.contains('\n')).then_some(behind)
}

/// The value itself. Only double quotes have escapes, and only these two.
fn plain(text: &str) -> String {
    let text = text.trim_matches(is_space);
    let mut chars = text.chars();
    let inner = match (chars.next(), chars.next_back()) {
        (Some(first @ ('"' | '\'' | '`')), Some(last)) if first == last => &text[1..text.len() - 1],
        _ => text,
    };
    if text.starts_with('"') { inner.replace("\\n", "\n").replace("\\r", "\r") } else { inner.to_owned() }
}

/// What follows `export` and blanks, where that is what it begins with.
fn skip_export(text: &str) -> Option<&str> {
    text.strip_prefix("export").filter(|rest| rest.starts_with(is_space)).map(skip_space)
}

fn name_at(text: &str) -> (&str, &str) {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    text.split_at(text.find(|c| !is_name(c)).unwrap_or(text.len()))
}

fn skip_space(text: &str) -> &str {
    text.trim_start_matches(is_space)
}

/// What JavaScript's `\s` and `trim` take.
fn is_space(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

fn after_line(text: &str) -> &str {
    text.split_once('\n').map_or("", |(_, after)| after)
}

#[cfg(test)]
#[path = "dotenv_tests.rs"]
mod tests;
