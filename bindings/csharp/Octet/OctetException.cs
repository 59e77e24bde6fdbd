namespace Octet;

/// <summary>A failure that the library reports: what was wrong, where, and what to do.</summary>
public sealed class OctetException : Exception
{
    /// <summary>An exception with a status and a message.</summary>
    public OctetException(Status status, string message)
        : base(message) => Status = status;

    /// <summary>The kind of failure.</summary>
    public Status Status { get; }
}
