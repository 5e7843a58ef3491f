//! Claims about the contract.
