//! EIGEN beyond what it shares with bEIGEN. Members as in the pinned release (v1.12.0).

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IEigen {
        event Mint(address indexed minter, uint256 amount);
        event TokenUnwrapped(address indexed account, uint256 amount);
        event TokenWrapped(address indexed account, uint256 amount);

        error InvalidShortString();
        error StringTooLong(string str);

        function bEIGEN() external view returns (address);
        function initialize(
            address initialOwner,
            address[] calldata minters,
            uint256[] calldata mintingAllowances,
            uint256[] calldata mintAllowedAfters
        ) external;
        function mint() external;
        function mintAllowedAfter(address minter) external view returns (uint256);
        function mintingAllowance(address minter) external view returns (uint256);
        function multisend(address[] calldata receivers, uint256[] calldata amounts) external;
        function unwrap(uint256 amount) external;
        function version() external view returns (string memory);
        function wrap(uint256 amount) external;
    }
}
