//! The numbers and byte strings that manifests are made of, and a reader that never goes past its input.

/// Appends an unsigned LEB128 number.
pub fn put_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(low_bits(value) | 0x80);
        value >>= 7;
    }
    out.push(low_bits(value));
}

/// Appends a signed number in zigzag form.
pub fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_number(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

/// Appends a byte string: its length, then its bytes.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn low_bits(value: u64) -> u8 {
    value.to_le_bytes()[0] & 0x7f
}

/// Bytes that do not say what they should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The record ends inside a value.
    #[error("ends inside a value")]
    Short,
    /// A number does not fit its field.
    #[error("has a number out of range")]
    Range,
    /// A tag byte that this version does not know.
    #[error("has an unknown tag {0}")]
    Tag(u8),
    /// Bytes after the last value.
    #[error("has bytes after its end")]
    Trailing,
}

/// Reads values off the front of a record.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Starts at the first byte.
    pub fn new(record: &'a [u8]) -> Self {
        Self { rest: record }
    }

    /// What is left.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// One byte.
    ///
    /// # Errors
    /// At the end of the record.
    pub fn byte(&mut self) -> Result<u8, CodecError> {
        let (first, rest) = self.rest.split_first().ok_or(CodecError::Short)?;
        self.rest = rest;
        Ok(*first)
    }

    /// An unsigned LEB128 number.
    ///
    /// # Errors
    /// At the end of the record, or when it is more than 64 bits.
    pub fn number(&mut self) -> Result<u64, CodecError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(CodecError::Range);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(CodecError::Range)
    }

    /// A number that must fit a smaller type.
    ///
    /// # Errors
    /// As [`Cursor::number`], or when it does not fit.
    pub fn small<T: TryFrom<u64>>(&mut self) -> Result<T, CodecError> {
        T::try_from(self.number()?).map_err(|_| CodecError::Range)
    }

    /// A zigzag number.
    ///
    /// # Errors
    /// As [`Cursor::number`].
    pub fn signed(&mut self) -> Result<i64, CodecError> {
        let raw = self.number()?;
        Ok((raw >> 1).cast_signed() ^ -((raw & 1).cast_signed()))
    }

    /// A byte string.
    ///
    /// # Errors
    /// When the record ends before it does.
    pub fn bytes(&mut self) -> Result<&'a [u8], CodecError> {
        let length = self.small::<usize>()?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(CodecError::Short)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Thirty-two bytes.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn digest(&mut self) -> Result<crate::digest::Digest, CodecError> {
        let (taken, rest) = self.rest.split_first_chunk::<32>().ok_or(CodecError::Short)?;
        self.rest = rest;
        Ok(crate::digest::Digest::from_bytes(*taken))
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// When something is.
    pub fn end(&self) -> Result<(), CodecError> {
        if self.rest.is_empty() { Ok(()) } else { Err(CodecError::Trailing) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn values_round_trip(number: u64, signed: i64, bytes: Vec<u8>) {
            let mut out = Vec::new();
            put_number(&mut out, number);
            put_signed(&mut out, signed);
            put_bytes(&mut out, &bytes);
            let mut cursor = Cursor::new(&out);
            prop_assert_eq!(cursor.number(), Ok(number));
            prop_assert_eq!(cursor.signed(), Ok(signed));
            prop_assert_eq!(cursor.bytes(), Ok(&bytes[..]));
            prop_assert_eq!(cursor.end(), Ok(()));
        }

        #[test]
        fn any_input_is_refused_or_read_but_never_a_panic(raw: Vec<u8>) {
            let mut cursor = Cursor::new(&raw);
            while cursor.bytes().is_ok() && cursor.end().is_err() {}
            let _ = Cursor::new(&raw).number();
        }
    }

    #[test]
    fn a_number_over_64_bits_is_refused() {
        assert_eq!(Cursor::new(&[0xff; 11]).number(), Err(CodecError::Range));
    }
}
