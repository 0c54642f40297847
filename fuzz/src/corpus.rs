//! The corpus of a target: one file, `corpus/<target>.pack`, with the inputs one after the other,
//! each after its length as a little-endian `u32`.

/// Splits a file into its inputs.
///
/// # Errors
/// When it ends within an input.
pub fn unpack(mut pack: &[u8]) -> Result<Vec<&[u8]>, String> {
    let mut inputs = Vec::new();
    while !pack.is_empty() {
        let cut = || format!("it ends within input {}", inputs.len());
        let (length, rest) = pack.split_first_chunk().ok_or_else(cut)?;
        let length = u32::from_le_bytes(*length) as usize;
        let (input, rest) = rest.split_at_checked(length).ok_or_else(cut)?;
        inputs.push(input);
        pack = rest;
    }
    Ok(inputs)
}
