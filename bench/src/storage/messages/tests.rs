use super::*;

fn some(seed: u64) -> Vec<Message> {
    Load::new(10, 200, seed).messages(100).unwrap()
}

#[test]
fn seed_repeats_the_messages() {
    assert_eq!(some(1), some(1));
    assert_ne!(some(1), some(2));
}

#[test]
fn sizes_and_skew_are_as_asked() {
    let messages = some(1);
    assert!(
        messages
            .iter()
            .all(|(conversation, text)| text.as_str().len() == 200 && *conversation < 10)
    );
    let of = |conversation| {
        messages
            .iter()
            .filter(|message| message.0 == conversation)
            .count()
    };
    assert!(of(0) > of(9), "{} against {}", of(0), of(9));
}

#[test]
fn texts_start_with_a_word_and_differ() {
    let words = crate::words::WORDS.split_whitespace().collect::<Vec<_>>();
    let mut different = std::collections::HashSet::new();
    for (_, text) in some(3) {
        let first = text.as_str().split(' ').next().unwrap_or_default();
        assert!(words.contains(&first), "{text}");
        different.insert(text.as_str().to_owned());
    }
    assert!(different.len() > 98, "{}", different.len());
}
