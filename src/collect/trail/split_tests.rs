use super::*;
use proptest::prelude::*;

/// Cuts the text, reading `chunk` bytes at a time.
fn cut(text: &str, chunk: usize) -> (Vec<String>, Vec<String>) {
    let (mut records, mut broken) = (Vec::new(), Vec::new());
    let mut splitter = Splitter::default();
    let mut input = text.as_bytes();
    let mut sink = |piece: Piece<'_>| match piece {
        Piece::Record(bytes) => records.push(String::from_utf8_lossy(bytes).into_owned()),
        Piece::Broken(why, _) => broken.push(why.to_owned()),
    };
    while splitter.fill(&mut input, chunk).unwrap() > 0 {
        splitter.drain(&mut sink);
    }
    splitter.finish(&mut sink);
    (records, broken)
}

const A: &str = r#"{"eventVersion":"1","a":"}]\"\\"}"#;
const B: &str = r#"{ "eventVersion": "1", "b": [{"Records": [1]}, {}] }"#;

#[test]
fn every_layout_gives_the_same_records() {
    for text in [
        format!("{A}\n{B}\n"),
        format!("{A}{B}"),
        format!("[{A},\n{B}]"),
        format!("{{\"Records\":[{A},{B}]}}"),
        format!("\u{feff}{{\"x\": {{\"Records\": []}}, \"Records\" : [ {A} , {B} ], \"y\": [\"]\"]}}\n"),
        format!("{{\"Events\":[{A}]}}\n{{\"Events\":[{B}],\"NextToken\":\"t\"}}"),
    ] {
        for chunk in [1, 2, 7, 64, 4096] {
            let (records, broken) = cut(&text, chunk);
            assert_eq!(records, [A, B], "{text} by {chunk}");
            assert!(broken.is_empty(), "{text} by {chunk}: {broken:?}");
        }
    }
}

#[test]
fn one_broken_record_costs_itself_only() {
    for text in [
        format!("{A}\nnot json\n{B}"),
        format!("{A}\n{{\"half\": [1, 2\n{B}"),
        format!("{{\"Records\":[{A},{{\"eventVersion\":\"1\",\"x\":[}},{B}]}}"),
        format!("{{\"Records\":[{A},{{\"eventVersion\":\"1\",\"x\":\"open}},{B}]}}"),
        format!("{{\"Records\":[{A},null,{B}]}}"),
    ] {
        for chunk in [1, 9, 4096] {
            let (records, broken) = cut(&text, chunk);
            assert_eq!(records, [A, B], "{text} by {chunk}");
            assert_eq!(broken.len(), 1, "{text} by {chunk}: {broken:?}");
        }
    }
}

#[test]
fn the_next_record_is_found_or_not_whatever_the_size_of_a_read() {
    for (blanks, found) in [(0, true), (32, true), (33, false), (100, false)] {
        let text = format!("{{]{{{}\"eventVersion\":\"1\"}}", " ".repeat(blanks));
        for chunk in [1, 2, 45, 46, 47, 48, 4096] {
            let (records, broken) = cut(&text, chunk);
            assert_eq!((records.len() == 1, broken.len()), (found, 1), "{blanks} blanks by {chunk}");
        }
    }
}

#[test]
fn a_cut_off_file_keeps_what_came_before_and_says_so() {
    let text = format!("{{\"Records\":[{A},{B}");
    let (records, broken) = cut(text.strip_suffix(" }").unwrap(), 5);
    assert_eq!(records, [A]);
    assert_eq!(broken, ["the input ends in the middle of a record"]);
    for text in [format!("{{\"Records\":[{A}"), format!("[{A},\n"), "{\"Records\":[".to_owned()] {
        let (_, broken) = cut(&text, 7);
        assert_eq!(broken, ["the input ends before its list of records does"], "{text}");
    }
}

#[test]
fn endless_nesting_and_endless_records_are_refused() {
    let (records, broken) = cut(&format!("{}\n{A}", "{\"a\":".repeat(500)), 100);
    assert_eq!((records, broken.len()), (vec![A.to_owned()], 1));
    let long = format!("{{\"a\": \"{}\"}}\n{A}", "x".repeat(MAX_RECORD + 600_000));
    let (records, broken) = cut(&long, 256 * 1024);
    assert!(records == [A] && broken.len() == 1, "{broken:?}");
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic_and_always_end(text in "[\\[\\]{}\",:\\\\ \\na-cRecords]{0,200}", chunk in 1_usize..40) {
        cut(&text, chunk);
    }

    #[test]
    fn the_size_of_a_read_does_not_matter(text in "[\\[\\]{}\",:\\\\ \\na]{0,120}", chunk in 1_usize..20) {
        let whole = cut(&text, 4096);
        prop_assert_eq!(cut(&text, chunk).0, whole.0);
    }
}

#[test]
fn what_is_nested_too_deeply_costs_only_itself() {
    let deep = format!(r#"{{"a":1,"x":{}1{}}}"#, "[".repeat(300), "]".repeat(300));
    let [a, b, c] = ["a", "b", "c"].map(|id| format!(r#"{{"awsRegion":"x","eventID":"{id}"}}"#));
    let text = format!(r#"{{"Records":[{a},{deep},{b},{c}]}}"#);
    for chunk in [1, 7, 4096] {
        let (records, broken) = cut(&text, chunk);
        assert_eq!((records, broken), (vec![a.clone(), b.clone(), c.clone()], vec!["nested too deeply".to_owned()]));
    }
}

#[test]
fn records_that_are_lost_after_a_broken_one_are_told() {
    let [a, c, d] = ["a", "c", "d"].map(|id| format!(r#"{{"awsRegion":"x","eventID":"{id}"}}"#));
    let broken = r#"{"awsRegion":"x]","eventID":"b"]}"#;
    let usual = r#"{"eventVersion":"1.11","eventID":"z"}"#;
    let (why, lost) =
        ("its brackets do not match", "records after a broken one could not be told apart, and were not read");
    for (rest, read, told) in [
        (format!("{broken},{c},{d}"), vec![&*a], vec![why, lost]),
        (format!("{broken},{c},{usual}"), vec![&a, usual], vec![why, lost]),
        (format!("{broken},{usual}"), vec![&a, usual], vec![why]),
        (broken.to_owned(), vec![&a], vec![why]),
    ] {
        let text = format!(r#"{{"Records":[{a},{rest}]}}"#);
        for chunk in [1, 5, 64, 4096] {
            let (records, broken) = cut(&text, chunk);
            assert_eq!(records, read, "{text} by {chunk}");
            assert_eq!(broken, told, "{text} by {chunk}");
        }
    }
}

#[test]
fn the_name_of_a_list_does_not_outlive_its_object() {
    // Found by fuzzing: whether the second object had a list depended on the sizes of the reads.
    let text = r#"{"Events"},{:[{"a":1}]}"#;
    for chunk in [1, 3, 10, 4096] {
        assert_eq!(
            cut(text, chunk),
            (vec![r#"{"Events"}"#.to_owned(), r#"{:[{"a":1}]}"#.to_owned()], vec![]),
            "{chunk}"
        );
    }
}
