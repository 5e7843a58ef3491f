//! Pure checks that need no chain: functions of what they are given, for rules that run in every node and for clients
//! that trust none.

pub mod bn254;
pub mod certificate;
