use proptest::prelude::*;

use super::*;

fn by_serde(text: &str) -> Option<Tree<'_>> {
    serde_json::from_str(text).ok()
}

#[test]
fn the_usual_form_is_read_and_comes_to_the_same() {
    for text in [
        r#"{"a":[1,-2,0,{"b":null,"c":{}}],"d":true,"e":false,"":"","f":"é😀","g":[[],[[]]]}"#,
        r#"{"a":1,"a":2}"#,
        r#"123456789012345678"#,
        r#""eight by eight: 0123456789abcdef""#,
    ] {
        assert!(tree(text).is_some(), "{text}");
        assert_eq!(tree(text), by_serde(text), "{text}");
        assert_eq!(Reader::new(text).raw(), Some(text));
    }
}

#[test]
fn anything_else_is_left_to_serde_json() {
    let deep = format!("{}1{}", "[".repeat(50), "]".repeat(50));
    for text in [
        "",
        "{",
        "}",
        "[1 ]",
        "{\"a\": 1}",
        " 1",
        "01",
        "-0",
        "-",
        "1.5",
        "1e3",
        "1234567890123456789",
        "\"a\\n\"",
        "\"a\nb\"",
        "{\"a\":1,}",
        "[1,]",
        "[,1]",
        "{\"a\"1}",
        "{a:1}",
        "tru",
        "nulL",
        "\"open",
        "1}",
        "{}{}",
        "[1}",
        deep.as_str(),
    ] {
        assert_eq!(tree(text), None, "{text}");
    }
}

fn texts() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\"a\"",
        "\"bc\":",
        "1",
        "-7",
        "0",
        ".5",
        "e1",
        "true",
        "false",
        "null",
        "\\",
        "\\n",
        " ",
        "\u{e9}",
        "\u{1}",
        "0123456789abcdef",
        "{\"a\":{\"b\":[1,2]}}",
        "\"x\":\"y\"",
    ]);
    prop::collection::vec(parts, 0..12).prop_map(|parts| parts.concat())
}

#[test]
fn a_number_of_any_length_is_read_or_left_to_others() {
    for digits in [1, 17, 18, 19, 20, 21, 400] {
        for text in [format!("[{}]", "9".repeat(digits)), format!("[-{}]", "9".repeat(digits))] {
            match tree(&text) {
                Some(read) => assert_eq!(Some(read), by_serde(&text), "{text}"),
                None => assert!(digits > MAX_DIGITS, "{text}"),
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_read_comes_to_what_serde_json_makes_of_it(text in texts()) {
        if let Some(read) = tree(&text) {
            prop_assert_eq!(Some(read), by_serde(&text));
            prop_assert_eq!(Reader::new(&text).raw(), Some(text.as_str()));
        }
    }

    #[test]
    fn a_string_ends_where_it_ends(text in "[ -~é\u{1}\u{1f}\"\\\\]{0,40}") {
        let wanted = text.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..b' ')).unwrap_or(text.len());
        prop_assert_eq!(plain(text.as_bytes()), wanted);
    }
}
