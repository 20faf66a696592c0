//! What is read is what dotenv 16.6.1 reads, and what is passed over is told by its line.

use super::*;

type Values = &'static [(&'static str, &'static str)];

/// Each text, and what `parse` of dotenv 16.6.1 answered for it, run in Node.
#[rustfmt::skip]
const AS_DOTENV_READS: &[(&str, Values)] = &[
        ("A=1", &[("A", "1")]),
        ("  A = 1  ", &[("A", "1")]),
        ("export A=1", &[("A", "1")]),
        ("  export   A=1", &[("A", "1")]),
        ("export\nA=1", &[("A", "1")]),
        ("export A", &[]),
        ("export=1", &[("export", "1")]),
        ("export = 1", &[("export", "1")]),
        ("exportA=1", &[("exportA", "1")]),
        ("export A B=1", &[]),
        ("A: 1", &[("A", "1")]),
        ("A:1", &[]),
        ("A :1", &[]),
        ("A:\n1", &[("A", "1")]),
        ("A: ", &[("A", "")]),
        ("A:", &[]),
        ("A:\nB=2", &[("A", "B=2")]),
        ("A:\n\nB=2", &[("A", ""), ("B", "2")]),
        ("A: 'x y' # z", &[("A", "x y")]),
        ("A=", &[("A", "")]),
        ("A=\nB=2", &[("A", ""), ("B", "2")]),
        ("A= \nB=2", &[("A", ""), ("B", "2")]),
        ("A\n=1", &[("A", "1")]),
        ("A =\n'x'", &[("A", "x")]),
        ("A=\n\n\"x\"\nB=1", &[("A", "x"), ("B", "1")]),
        ("A=two words # and a comment", &[("A", "two words")]),
        ("A=a#b", &[("A", "a")]),
        ("A=#b", &[("A", "")]),
        ("A= #b", &[("A", "")]),
        ("A=a=b==", &[("A", "a=b==")]),
        ("A==", &[("A", "=")]),
        ("A=pa$$word${HOME}", &[("A", "pa$$word${HOME}")]),
        ("A='single # $x \\n' # comment", &[("A", "single # $x \\n")]),
        ("A=\"two\\nlines\"", &[("A", "two\nlines")]),
        ("A=\"two\\r\\nlines\"", &[("A", "two\r\nlines")]),
        ("A=\"two\nlines\"", &[("A", "two\nlines")]),
        ("A=\"two\r\nlines\"\r\nB=1", &[("A", "two\nlines"), ("B", "1")]),
        ("A='two\nlines'\nB=2", &[("A", "two\nlines"), ("B", "2")]),
        ("A=`two\nlines`", &[("A", "two\nlines")]),
        ("A=`back \"and\" 'forth'`", &[("A", "back \"and\" 'forth'")]),
        ("A=\"with \\\" inside\"", &[("A", "with \\\" inside")]),
        ("A='it\\'s'", &[("A", "it\\'s")]),
        ("A='it's'", &[("A", "it's")]),
        ("A='x' y", &[("A", "'x' y")]),
        ("A=\"x\" y", &[("A", "\"x\" y")]),
        ("A=\"x\" \"y\"", &[("A", "x\" \"y")]),
        ("A='x'y'", &[("A", "x'y")]),
        ("A=\"x\"\"y\"", &[("A", "x\"\"y")]),
        ("A='x''y'", &[("A", "x''y")]),
        ("A='C:\\dir\\'", &[("A", "C:\\dir\\")]),
        ("A='C:\\dir\\'\nB=2", &[("A", "C:\\dir\\"), ("B", "2")]),
        ("A='C:\\dir\\'\nB='x'", &[("A", "C:\\dir\\"), ("B", "x")]),
        ("A='C:\\dir\\'\nB=''", &[("A", "C:\\dir\\"), ("B", "")]),
        ("A='C:\\dir\\'\nB='x'\nC='y'", &[("A", "C:\\dir\\"), ("B", "x"), ("C", "y")]),
        ("A=\"C:\\dir\\\"\nB=\"x\" # c\nC=3", &[("A", "C:\\dir\\"), ("B", "x"), ("C", "3")]),
        ("A=\"C:\\dir\\\" # comment\nB=\"x\"", &[("A", "C:\\dir\\"), ("B", "x")]),
        ("A='a\\\\'\nB=2", &[("A", "a\\\\"), ("B", "2")]),
        ("A=\"a\\\\\"\nB=\"b\"", &[("A", "a\\\\"), ("B", "b")]),
        ("A='\\'", &[("A", "\\")]),
        ("A='\\'\n", &[("A", "\\")]),
        ("A=\"abc", &[("A", "\"abc")]),
        ("A=\"abc\nB=\"x\"", &[("A", "\"abc"), ("B", "x")]),
        ("A='abc\nB=2", &[("A", "'abc"), ("B", "2")]),
        ("A=\"a\\nb", &[("A", "\"a\nb")]),
        ("A=`x", &[("A", "`x")]),
        ("A=\"", &[("A", "\"")]),
        ("A='", &[("A", "'")]),
        ("A=''", &[("A", "")]),
        ("A=\"\"", &[("A", "")]),
        ("A=``", &[("A", "")]),
        ("A= ''  ", &[("A", "")]),
        ("A='' # x", &[("A", "")]),
        ("A='#'", &[("A", "#")]),
        ("A=\"a#b\" # c#d", &[("A", "a#b")]),
        ("A=\"never closed\nC=3", &[("A", "\"never closed"), ("C", "3")]),
        ("A='x' # it's\nB='y'", &[("A", "x"), ("B", "y")]),
        ("A=it's # fine", &[("A", "it's")]),
        ("A=x'y'", &[("A", "x'y'")]),
        ("A='x'\n\n# c\n\nB=1", &[("A", "x"), ("B", "1")]),
        ("A='x'   \n   # c\nB=1", &[("A", "x"), ("B", "1")]),
        ("\u{feff}A=1\r\n", &[("A", "1")]),
        ("A=1\rB=2", &[("A", "1"), ("B", "2")]),
        ("A=1\r\n\r\nB=2\r\n", &[("A", "1"), ("B", "2")]),
        ("A=\u{a0}x\u{a0}", &[("A", "x")]),
        ("A=\u{85}x", &[("A", "\u{85}x")]),
        ("\tA\t=\t1\t", &[("A", "1")]),
        ("A.b-c_9=1", &[("A.b-c_9", "1")]),
        ("9A=1", &[("9A", "1")]),
        ("Ä=1", &[]),
        ("A-=1", &[("A-", "1")]),
        ("-=1", &[("-", "1")]),
        ("=x", &[]),
        ("A B=1", &[]),
        ("nonsense", &[]),
        ("\n\nhttp://example.com", &[]),
        ("A=1\nnonsense\nB=2", &[("A", "1"), ("B", "2")]),
        ("A=1\n[section]\nB=2", &[("A", "1"), ("B", "2")]),
        ("A=1\n> tincan@1.0.0 start\n> node server.js\nB=2", &[("A", "1"), ("B", "2")]),
        ("A=1\n=====\nB=2", &[("A", "1"), ("B", "2")]),
        ("A=1\n===x\nB=2", &[("A", "1"), ("B", "2")]),
        ("A=1\nB\n=2", &[("A", "1"), ("B", "2")]),
        ("A=1\nWelcome: to the server\nB=2", &[("A", "1"), ("Welcome", "to the server"), ("B", "2")]),
        ("A=1\n*** note: x ***\nB=2", &[("A", "1"), ("B", "2")]),
        ("A=1;", &[("A", "1;")]),
        ("A=1 B=2", &[("A", "1 B=2")]),
        ("A=1\nA=2", &[("A", "2")]),
        ("A=1\nA=", &[("A", "")]),
        ("#A=1", &[]),
        ("  # A=1", &[]),
        ("A=1 #", &[("A", "1")]),
        ("A\\=1", &[]),
        ("A=\\", &[("A", "\\")]),
        ("A=\\n", &[("A", "\\n")]),
        ("A='\\n'", &[("A", "\\n")]),
        ("A=`\\n`", &[("A", "\\n")]),
        ("A=\"\\\\n\"", &[("A", "\\\n")]),
        ("A=\"\\t\"", &[("A", "\\t")]),
        ("A=\"{\\\"a\\\": 1}\"", &[("A", "{\\\"a\\\": 1}")]),
        ("A={\"a\": 1}", &[("A", "{\"a\": 1}")]),
        ("A='{\"a\": \"b\"}'", &[("A", "{\"a\": \"b\"}")]),
        ("A=[{\"urls\":\"stun:x\"}]", &[("A", "[{\"urls\":\"stun:x\"}]")]),
        ("A=\"-----BEGIN\nabc=\n-----END\"\nB=1", &[("A", "-----BEGIN\nabc=\n-----END"), ("B", "1")]),
        ("A=x\\\ny", &[("A", "x\\")]),
        ("A='a\\'\nb'\nC=1", &[("A", "a\\'\nb"), ("C", "1")]),
        ("A='a\\' b'", &[("A", "a\\' b")]),
        ("A='a' 'b'", &[("A", "a' 'b")]),
        ("A=\"a\" #b\"c", &[("A", "a")]),
        ("A=\"a\"#b", &[("A", "a")]),
        ("A='a'#'b'\nC=1", &[("A", "a"), ("C", "1")]),
        ("A=\"x\\\"\nB=y\nC=\"z\"", &[("A", "x\\"), ("B", "y"), ("C", "z")]),
        ("A='x\\'\n# don't\nB=1", &[("A", "x\\"), ("B", "1")]),
        ("A = 'x'", &[("A", "x")]),
        ("A='x\\'#c", &[("A", "x\\")]),
        ("A='x\\' #c'd'", &[("A", "x\\")]),
        ("A=\"a\n\nb\"", &[("A", "a\n\nb")]),
        ("A= \"a\"\n\"b\"", &[("A", "a")]),
        ("A=\"x\"\nstray\"\nB=1", &[("A", "x"), ("B", "1")]),
        ("A='x\nB='y\nC='z'", &[("A", "'x"), ("B", "'y"), ("C", "z")]),
];

#[test]
fn values_are_read_as_dotenv_reads_them() {
    for (text, values) in AS_DOTENV_READS {
        // Of several for one variable the last counts, in the place of the first.
        let mut read: Vec<(String, String)> = Vec::new();
        for one in parse(text).0 {
            match read.iter_mut().find(|(name, _)| *name == one.name) {
                Some(known) => known.1 = one.value,
                None => read.push((one.name, one.value)),
            }
        }
        // A name that is a number is listed first in JavaScript.
        read.sort();
        let mut expected: Vec<_> =
            values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        expected.sort();
        assert_eq!(read, expected, "{text:?}");
    }
}

#[test]
fn every_assignment_knows_its_line() {
    let lines = |text| parse(text).0.iter().map(|one| one.line).collect::<Vec<_>>();
    assert_eq!(lines("# head\n\nA=1\r\nB=\"x\ny\"\n  # C=0\nC=3"), [3, 4, 7]);
    assert_eq!(lines("\n\nnonsense\nA=1\rB=2\n"), [4, 5]);
}

#[test]
fn a_line_that_is_no_assignment_is_told_by_its_number_and_first_word_and_those_behind_it_are_read() {
    for (text, line, word) in [
        ("A=1\nnonsense\nB=2", 2, "nonsense"),
        ("=x\nA=1\nB=2", 1, ""),
        ("A B=1\nA=1\nB=2", 1, "A"),
        ("\n\nhttp://example.com\nA=1\nB=2", 3, "http"),
        ("A=1\n> node server.js\nB=2", 2, ""),
        ("A=1\n  export PORT 80\nB=2", 2, "PORT"),
        ("A=1\nPORT:80\nB=2", 2, "PORT"),
        ("A=1\r\nbye\r\nB=2", 2, "bye"),
    ] {
        let (read, unreadable) = parse(text);
        assert_eq!(unreadable, [Unreadable { word: word.to_owned(), line }], "{text:?}");
        assert_eq!(read.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["A", "B"], "{text:?}");
    }
    assert!(parse("# A\n\n  #\n").1.is_empty());
}
