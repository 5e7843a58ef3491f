//! bEIGEN beyond what it shares with EIGEN. Members as in the pinned release (v1.12.0).

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IBackingEigen {
        event Backed();
        event IsMinterModified(address indexed minterAddress, bool newStatus);

        function EIGEN() external view returns (address);
        function burn(uint256 amount) external;
        function initialize(address initialOwner) external;
        function isMinter(address minter) external view returns (bool);
        function mint(address to, uint256 amount) external;
        function setIsMinter(address minterAddress, bool newStatus) external;
    }
}
