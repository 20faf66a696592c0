//! Reads a `.env` file as Node's dotenv does: values are literal (no `$` is replaced), may be quoted, and then may hold several
//! lines. What dotenv would skip in silence is an error here, with its line.

/// One assignment.
#[derive(Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// Without quotes; trimmed where it had none.
    pub value: String,
    /// The line it begins on, from 1.
    pub line: usize,
}

/// All assignments, in their order.
///
/// # Errors
/// The number of the first line that is none, and what is wrong with it. The line itself is not told: it may hold a secret.
pub fn parse(text: &str) -> Result<Vec<Assignment>, (usize, &'static str)> {
    let mut assignments = Vec::new();
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    while !rest.is_empty() {
        let line = 1 + text[..text.len() - rest.len()].matches('\n').count();
        if rest.starts_with('#') {
            rest = after_line(rest);
        } else {
            let (name, value, after) = assignment(rest).map_err(|message| (line, message))?;
            assignments.push(Assignment { name: name.to_owned(), value, line });
            rest = after;
        }
        rest = rest.trim_start();
    }
    Ok(assignments)
}

/// Takes one assignment off the front: its name, its value, and what follows.
fn assignment(text: &str) -> Result<(&str, String, &str), &'static str> {
    const FORM: &str = "is no assignment; write NAME=value, or # before a comment";
    let text = match text.strip_prefix("export") {
        Some(after) if after.starts_with(BLANK) => after.trim_start_matches(BLANK),
        _ => text,
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let (name, rest) = text.split_at(text.find(|c| !is_name(c)).unwrap_or(text.len()));
    let value = match rest.trim_start_matches(BLANK).strip_prefix('=') {
        Some(value) => value,
        // As in YAML, which dotenv takes too; without the blank it would be an address and no assignment.
        None => rest.strip_prefix(':').filter(|value| value.starts_with(BLANK)).ok_or(FORM)?,
    };
    if name.is_empty() {
        return Err(FORM);
    }
    let value = value.trim_start_matches(BLANK);
    match value.chars().next() {
        Some(quote @ ('"' | '\'' | '`')) => quoted(&value[1..], quote).map(|(value, after)| (name, value, after)),
        _ => {
            let line = value.lines().next().unwrap_or("");
            let plain = line.split('#').next().unwrap_or("").trim_end();
            Ok((name, plain.to_owned(), after_line(value)))
        }
    }
}

/// What stands before the closing quote, and what follows on the next line.
fn quoted(text: &str, quote: char) -> Result<(String, &str), &'static str> {
    let mut escaped = false;
    let end = text
        .find(|c| {
            let closes = c == quote && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        })
        .ok_or("has a quote that is not closed")?;
    let after = text[end + 1..].trim_start_matches(BLANK);
    if !after.is_empty() && !after.starts_with(['#', '\r', '\n']) {
        return Err("has something after the closing quote; put # before a comment");
    }
    let value = &text[..end];
    // Only double quotes have escapes, and only these two.
    let value = if quote == '"' { value.replace("\\n", "\n").replace("\\r", "\r") } else { value.to_owned() };
    Ok((value, after_line(after)))
}

const BLANK: [char; 2] = [' ', '\t'];

fn after_line(text: &str) -> &str {
    text.split_once('\n').map_or("", |(_, after)| after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<(String, String)> {
        parse(text).unwrap().into_iter().map(|one| (one.name, one.value)).collect()
    }

    #[test]
    fn values_are_read_as_node_reads_them() {
        for (text, value) in [
            ("A=1", "1"),
            ("  A = 1  ", "1"),
            ("export A=1", "1"),
            ("A: 1", "1"),
            ("A=", ""),
            ("A=two words # and a comment", "two words"),
            ("A=pa$$word${HOME}", "pa$$word${HOME}"),
            ("A=a=b==", "a=b=="),
            ("A='single # $x \\n' # comment", "single # $x \\n"),
            ("A=\"two\\nlines\"", "two\nlines"),
            ("A=\"two\nlines\"", "two\nlines"),
            ("A=`back \"and\" 'forth'`", "back \"and\" 'forth'"),
            ("A=\"with \\\" inside\"", "with \\\" inside"),
            ("\u{feff}A=1\r\n", "1"),
        ] {
            assert_eq!(values(text), [("A".to_owned(), value.to_owned())], "{text:?}");
        }
    }

    #[test]
    fn every_assignment_knows_its_line() {
        let lines = |text| parse(text).unwrap().iter().map(|one| one.line).collect::<Vec<_>>();
        assert_eq!(lines("# head\n\nA=1\r\nB=\"x\ny\"\n  # C=0\nC=3"), [3, 4, 7]);
    }

    #[test]
    fn a_line_that_is_no_assignment_is_told_by_its_number() {
        for (text, line) in [
            ("A=1\nnonsense\nB=2", 2),
            ("=x", 1),
            ("A B=1", 1),
            ("\n\nhttp://example.com", 3),
            ("A=1\nB=\"never closed\nC=3", 2),
            ("A='x' y", 1),
        ] {
            assert_eq!(parse(text).unwrap_err().0, line, "{text:?}");
        }
    }
}
