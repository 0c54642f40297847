//! What holds for every text.

use cairn_text::{
    Block, Inline, Keywords, Lines, Names, emoji, emoji_names, is_blank, is_interpreted, mentions,
    parse, sanitize,
};
use proptest::prelude::*;

fn names() -> Names<u32> {
    Names::new([("bob", 2), ("Ann Lee", 5), ("张三", 3), ("Éric", 6)])
}

/// Texts that consist mostly of markup.
fn texts() -> impl Strategy<Value = String> {
    const PARTS: &[&str] = &[
        "*",
        "**",
        "~~",
        "`",
        "```",
        "\n",
        "\r\n",
        "> ",
        ">",
        "- ",
        "1. ",
        " ",
        "[",
        "](",
        ")",
        "https://",
        "cairn://h/#1/2",
        "@",
        "@bob",
        "@张三",
        ":",
        ":tada:",
        "\\",
        "中",
        "a",
        "_",
        "\u{200d}",
        "\u{202e}",
        "\u{fe0f}",
        "\u{301}",
        "\u{1b}",
        "e",
        "👩",
        "\u{e0067}",
    ];
    let part = prop_oneof![3 => proptest::sample::select(PARTS).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from)];
    proptest::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

/// Appends all characters that the tree shows, and returns the greatest depth.
fn shown(blocks: &[Block<u32>], out: &mut String) -> usize {
    let depths = blocks.iter().map(|block| match block {
        Block::Paragraph(lines) => lines.iter().map(|line| shown_line(line, out)).max(),
        Block::List(items) => items.iter().map(|item| shown_line(&item.line, out)).max(),
        Block::Quote(blocks) => Some(1 + shown(blocks, out)),
        Block::Code { text, .. } => {
            out.push_str(text);
            None
        }
    });
    depths.flatten().max().unwrap_or(0)
}

fn shown_line(line: &[Inline<u32>], out: &mut String) -> usize {
    let depths = line.iter().map(|inline| match inline {
        Inline::Bold(inner) | Inline::Italic(inner) | Inline::Struck(inner) => {
            assert!(!inner.is_empty(), "emphasis of nothing");
            1 + shown_line(inner, out)
        }
        Inline::Text(text) | Inline::Code(text) => {
            out.push_str(text);
            0
        }
        Inline::Link { url, label } => {
            out.push_str(label.as_ref().unwrap_or(url));
            0
        }
        Inline::Permalink { url, .. } => {
            out.push_str(url);
            0
        }
        Inline::Mention { name, .. } | Inline::Emoji { name, .. } => {
            out.push_str(name);
            0
        }
    });
    depths.max().unwrap_or(0)
}

fn is_subsequence(part: &str, of: &str) -> bool {
    let mut all = of.chars();
    part.chars().all(|c| all.any(|other| other == c))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn trees_show_the_text_in_order(text in texts()) {
        let mut out = String::new();
        let depth = shown(&parse(&text, &names()), &mut out);
        prop_assert!(depth <= 12, "{depth}");
        let text = text.replace(['\n', '\r', '\u{2028}', '\u{2029}'], "\n");
        prop_assert!(is_subsequence(&out.replace('\n', ""), &text), "{out:?}");
    }

    #[test]
    fn words_are_never_lost(words in proptest::collection::vec("[a-z中]{1,8}", 1..20)) {
        let text = words.join(" ");
        let mut out = String::new();
        shown(&parse(&text, &Names::none()), &mut out);
        prop_assert_eq!(out, text);
    }

    #[test]
    fn keywords_are_found_beside_anything(text in texts(), word in "[a-z]{2,8}|中[a-z]") {
        let keywords = Keywords::new(["zzzzzzzzz", word.as_str()]);
        let found = Keywords::new([word.as_str()]).find(&text).len();
        prop_assert!(keywords.find(&text).len() >= found);
        let line = format!("{word} 中{word}中 ({word})");
        prop_assert_eq!(keywords.find(&line), [word.as_str()]);
        let longer = format!("a{word}b");
        prop_assert!(!keywords.find(&longer).contains(&"zzzzzzzzz"));
    }

    #[test]
    fn sanitizing_is_stable(text in texts()) {
        for lines in [Lines::Keep, Lines::Join] {
            let once = sanitize(&text, lines);
            prop_assert_eq!(&sanitize(&once, lines), &once);
            prop_assert!(!once.replace(['\n', '\t'], "").contains(is_interpreted));
            prop_assert!(once.len() <= 3 * text.len());
            prop_assert!(!once.contains(|c: char| c.is_control() && !"\n\t".contains(c)));
            prop_assert!(lines == Lines::Keep || !once.contains(['\n', '\t']));
            prop_assert!(is_blank(&once) <= text.chars().all(|c| !c.is_alphanumeric()));
        }
    }
}

#[test]
fn hostile_texts_are_parsed_at_once() {
    for part in [
        "*a ",
        "**",
        "`",
        "``",
        "[",
        "[a](",
        "@bob",
        "@b",
        ":",
        "> ",
        ">",
        "~~a",
        "https://)",
    ] {
        let text = part.repeat(16 * 1024 / part.len());
        let mut out = String::new();
        shown(&parse(&text, &names()), &mut out);
        assert!(out.len() <= text.len());
    }
}

#[test]
fn mentions_count_once_and_in_order() {
    let text = "@张三 @Bob `@ann lee`\n> @bob\n- **@ann lee**";
    assert_eq!(mentions(text, &names()).found, [3, 2, 5]);
    assert_eq!(mentions("@bob, @BOB and @ｂｏｂ", &names()).found, [2]);
    let names = Names::new([("ガイド", 1), ("Δοκιμή", 2), ("ß", 3), ("ΣΟΦΌΣ", 4)]);
    for (text, user) in [
        ("@ｶﾞｲﾄﾞさん", 1),
        ("@ΔΟΚΙΜΗ\u{301}", 2),
        ("@ẞ", 3),
        ("@σοφός", 4),
    ] {
        assert_eq!(mentions(text, &names).found, [user], "{text:?}");
    }
}

#[test]
fn addresses_mention_no_one() {
    for text in [
        "ann@bob.org",
        "ann.lee+bob@bob.org",
        "ann+@bob.org or <ann-@bob.org>",
        "张三@bob.org",
        "git@bob:repository",
        "mailto:ann@bob.org",
        "https://x.org/@bob?by=@bob",
        "x.org/@bob",
        "www.x.org/feed?by=@bob&for=@ann",
        "`@bob`",
        "```\n@bob\n```",
        "\\@bob",
        "@bobby @bob_ @bob2",
    ] {
        assert_eq!(mentions(text, &names()).found, [0; 0], "{text:?}");
    }
    for text in [
        "你好@bob",
        "你好@bob.",
        "(@bob)",
        "cc:@bob",
        "and/or,@bob",
        "**@bob**",
        "@bob's",
        "@bob.",
        "-@bob",
        "ann,@bob.org",
        "版本1.0/2，@bob",
    ] {
        assert_eq!(mentions(text, &names()).found, [2], "{text:?}");
    }
}

#[test]
fn unknown_names_are_noted() {
    let unknown = |text| mentions(text, &names()).unknown;
    assert_eq!(
        unknown("@eve, @bob and (@EVE) @bobby @李四你好 @o.k. @ @-"),
        ["eve", "bobby", "李四你好", "o.k"]
    );
    assert_eq!(
        unknown("`@eve` eve@x.org https://x/@eve \\@eve @@@"),
        [""; 0]
    );
    let many: String = (0..99).map(|n| format!("@u{n} ")).collect();
    assert_eq!(unknown(&many).len(), 16);
}

#[test]
fn emoji_are_found_by_name() {
    assert_eq!(emoji("tada"), Some("🎉"));
    assert_eq!(emoji("Tada"), None);
    let names: Vec<_> = emoji_names("smile").map(|(name, _)| name).collect();
    assert_eq!(names, ["smile", "smile_cat", "smiley", "smiley_cat"]);
    for emoji in emojis::iter() {
        for name in emoji.shortcodes() {
            assert_eq!(cairn_text::emoji(name), Some(emoji.as_str()), "{name}");
        }
    }
}

#[test]
fn text_that_deceives_is_sanitized() {
    for (raw, clean) in [
        (
            "plain, ünïcode, 小明 👩\u{200d}🚀 ❤\u{fe0f} 1\u{fe0f}\u{20e3}",
            None,
        ),
        ("می\u{200c}خواهم क\u{94d}\u{200d}ष", None),
        ("🏴\u{e0067}\u{e0062}\u{e007f}", None),
        ("א\u{200f}1", None),
        ("\u{1b}[2J\u{7}\u{9b}\u{7f}\0", Some("␛[2J␇\u{fffd}␡␀")),
        ("abc\u{202e}fed\u{2066}", Some("abc\u{fffd}fed\u{fffd}")),
        ("b\u{200b}o\u{200d}b\u{feff}\u{fe0f}", Some("bob")),
        ("a\u{ad}b\u{2060}\u{e0041}", Some("ab")),
    ] {
        assert_eq!(sanitize(raw, Lines::Keep), clean.unwrap_or(raw), "{raw:?}");
    }
    assert_eq!(sanitize("a\r\nb\tc\u{2028}d", Lines::Keep), "a\nb\tc\nd");
    assert_eq!(sanitize("a\r\nb\tc\u{2028}d", Lines::Join), "a b c d");
}

#[test]
fn texts_that_show_nothing_are_blank() {
    for blank in [
        "",
        " \t\r\n",
        "\u{200b}\u{feff}",
        "\u{3164}",
        "\u{2800}\u{fe0f}",
        "\u{3000}\u{200d}\0",
    ] {
        assert!(is_blank(blank), "{blank:?}");
    }
    for text in ["a", "\u{200b}.", "👍", "❤\u{fe0f}", "中"] {
        assert!(!is_blank(text), "{text:?}");
    }
}
