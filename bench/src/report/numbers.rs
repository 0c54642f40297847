//! Numbers as people read them.

/// A number with a comma behind each three digits.
pub fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// So many of something: `1 client`, `1,000 clients`.
pub fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(count as f64))
}

/// So many bytes, in the unit that keeps the number short: `512 KiB`, `10.4 GiB`.
pub fn sized(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let (mut number, mut unit) = (bytes as f64 / 1_024.0, 0);
    while number >= 1_024.0 && unit + 1 < UNITS.len() {
        number /= 1_024.0;
        unit += 1;
    }
    let digits = usize::from(number < 100.0);
    format!("{number:.digits$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        let all = [
            (0.0, "0"),
            (999.4, "999"),
            (1_000.0, "1,000"),
            (123_456.0, "123,456"),
            (1_234_567.8, "1,234,568"),
        ];
        all.iter()
            .for_each(|&(number, expected)| assert_eq!(grouped(number), expected));
        let sizes = [
            (0, "0.0 KiB"),
            (1_536, "1.5 KiB"),
            (300 << 10, "300 KiB"),
            (10 << 30, "10.0 GiB"),
            (9 << 50, "9216 TiB"),
        ];
        sizes
            .iter()
            .for_each(|&(bytes, expected)| assert_eq!(sized(bytes), expected));
        assert_eq!(
            [1, 2_000].map(|count| counted(count, "group")),
            ["1 group", "2,000 groups"]
        );
    }
}
