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
