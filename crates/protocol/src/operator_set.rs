//! The key of an operator set: 20 bytes AVS, 12 bytes id (restaking-core §2.0.3).

use alloy_primitives::{Address, B256, FixedBytes};

/// The key of set `id` of `avs`.
pub const fn key(avs: Address, id: u32) -> B256 {
    let head: FixedBytes<28> = avs.0.concat_const(FixedBytes::<8>::ZERO);
    head.concat_const(FixedBytes::new(id.to_be_bytes()))
}

/// The AVS and the id of a key.
pub const fn parts(key: B256) -> (Address, u32) {
    let [avs @ .., _, _, _, _, _, _, _, _, _, _, _, _] = key.0;
    let [.., a, b, c, d] = key.0;
    (Address::new(avs), u32::from_be_bytes([a, b, c, d]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::b256;

    #[test]
    fn a_key_is_the_avs_and_then_the_id() {
        let avs = Address::repeat_byte(0xaa);
        let expected = b256!("0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa000000000000000001020304");
        assert_eq!(key(avs, 0x0102_0304), expected);
        assert_eq!(parts(expected), (avs, 0x0102_0304));
    }
}
