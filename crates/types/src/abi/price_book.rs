//! PriceBook: what strategies and tokens are worth in ether.

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, Default, PartialEq, Eq)]
    #[sol(abi)]
    interface IPriceBook {
        /// Where a price comes from.
        struct Source {
            /// 0 none, 1 par, 2 a function that returns a rate, 3 a feed, 4 fixed.
            uint8 kind;
            /// Whom a rate function or a feed is asked of.
            address target;
            /// Which function returns the rate.
            bytes4 selector;
            /// How old a feed's answer may be.
            uint32 maxAgeSeconds;
            /// Decimals of the feed's answers.
            uint8 feedDecimals;
            /// Decimals of the asset.
            uint8 assetDecimals;
            /// A fixed price.
            uint256 wad;
            /// When the source was set.
            uint64 setAt;
        }

        event SourceSet(address indexed asset, Source source);
        event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);
        event Paused(address indexed account, uint256 newPausedStatus);
        event Unpaused(address indexed account, uint256 newPausedStatus);

        error CurrentlyPaused();
        error FixedPricesForbidden();
        error InvalidNewPausedStatus();
        error InvalidSource();
        error NoAnswer(address target);
        error OnlyPauser();
        error OnlyUnpauser();

        function clearSource(address asset) external;
        function fixedPricesAllowed() external view returns (bool);
        function owner() external view returns (address);
        function pause(uint256 newPausedStatus) external;
        function pauseAll() external;
        function paused() external view returns (uint256);
        function paused(uint8 index) external view returns (bool);
        function pauserRegistry() external view returns (address);
        function priceOf(address asset) external view returns (uint256 wad, uint64 updatedAt, bool ok);
        function renounceOwnership() external;
        function setFeed(address asset, address feed, uint32 maxAgeSeconds) external;
        function setFixed(address asset, uint256 wad) external;
        function setPar(address asset) external;
        function setRateFn(address asset, address target, bytes4 selector) external;
        function sourceOf(address asset) external view returns (Source memory);
        function transferOwnership(address newOwner) external;
        function unpause(uint256 newPausedStatus) external;
    }

    /// The shape of Chainlink's feeds.
    #[derive(Debug, Default, PartialEq, Eq)]
    interface IPriceFeed {
        function decimals() external view returns (uint8);
        function latestRoundData()
            external
            view
            returns (
                uint80 roundId,
                int256 answer,
                uint256 startedAt,
                uint256 updatedAt,
                uint80 answeredInRound
            );
    }
}
