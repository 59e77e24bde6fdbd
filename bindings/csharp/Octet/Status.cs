namespace Octet;

/// <summary>What went wrong. Values are frozen; an unknown negative one means failure.</summary>
public enum Status
{
    /// <summary>Nothing.</summary>
    Ok = 0,

    /// <summary>An argument of the call is wrong.</summary>
    Argument = -1,

    /// <summary>Out of memory.</summary>
    Memory = -2,

    /// <summary>A file cannot be opened, read or written.</summary>
    IO = -3,

    /// <summary>A file is truncated, damaged or of another kind.</summary>
    Format = -4,

    /// <summary>A file is newer than the library, or the library does not fit this binding.</summary>
    Version = -5,

    /// <summary>Understood but not available: an operator, an option, a back end.</summary>
    Unsupported = -6,

    /// <summary>Shapes do not fit.</summary>
    Shape = -7,

    /// <summary>The JSON configuration is wrong.</summary>
    Config = -8,

    /// <summary>Calibration or evaluation data is missing or unusable.</summary>
    Data = -9,

    /// <summary>Cancelled; thrown as <see cref="OperationCanceledException"/>.</summary>
    Cancelled = -10,

    /// <summary>A defect of the library; please report it.</summary>
    Internal = -11,
}
