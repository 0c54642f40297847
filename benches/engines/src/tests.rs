use cairn_bench::Key;

use super::*;

#[test]
fn engines_return_messages_in_order() {
    for contender in contenders() {
        let dir = tempfile::tempdir().unwrap();
        let mut expected = Vec::new();
        for part in 0..3 {
            let mut storage = contender.open(dir.path()).unwrap();
            for msgid in part * 5 + 1..=part * 5 + 5 {
                let texts = [3, 0, 300].map(|conversation| {
                    let key = Key {
                        conversation,
                        msgid,
                    };
                    (key, format!("{conversation} {msgid}"))
                });
                let mut batch = texts.iter().map(|(key, text)| (*key, text.as_str()));
                storage.store(&mut batch).unwrap();
                expected.extend(texts.map(|(key, text)| (key.conversation, text)));
            }
            storage.close().unwrap();
        }
        let mut read = Vec::new();
        let each = &mut |conversation, text: &[u8]| {
            read.push((conversation, String::from_utf8(text.to_vec()).unwrap()))
        };
        contender.open(dir.path()).unwrap().read(each).unwrap();
        expected.sort_by_key(|&(conversation, _)| conversation);
        assert_eq!(read, expected, "{}", contender.name);
    }
}
