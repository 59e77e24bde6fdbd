using System.Diagnostics;
using Xunit;

namespace Octet.Tests;

/// <summary>Finding the native library, each in a process of its own: in this one it is loaded.</summary>
public class LoaderTests
{
    /// <summary>Skipped, and said so, where the system's search finds a library: then it is not missing.</summary>
    private sealed class MissingFactAttribute : FactAttribute
    {
        public MissingFactAttribute()
        {
            if (Run(null).Exit == 0) Skip = "an Octet is installed where the system looks for libraries";
        }
    }

    [MissingFact]
    public void AMissingLibraryIsSaidWithEveryPathTried()
    {
        (int exit, string text) = Run(null);
        Assert.Equal(1, exit);
        Assert.StartsWith("DllNotFoundException", text);
        string folder = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        Assert.Contains($"\n  {folder}/liboctet.so.1: no such file", text);
        Assert.Contains($"\n  {folder}/runtimes/linux-x64/native/liboctet.so.1: no such file", text);
        Assert.Contains("\n  liboctet.so.1 by the system's search", text);
        Assert.Contains("OCTET_LIBRARY", text);
        Assert.Contains("NuGet package", text);
    }

    [Fact]
    public void ALibraryThatIsNamedIsTheOnlyOneTried()
    {
        (int exit, string text) = Run("/no/such/liboctet.so.1");
        Assert.Equal(1, exit);
        Assert.StartsWith("DllNotFoundException", text);
        Assert.Contains("OCTET_LIBRARY", text);
        Assert.Contains("\n  /no/such/liboctet.so.1: no such file", text);
        Assert.DoesNotContain("runtimes", text);
    }

    [Fact]
    public void WhatIsNoLibraryIsSaidSo()
    {
        (int exit, string text) = Run(Data.Header);
        Assert.Equal(1, exit);
        Assert.StartsWith("DllNotFoundException", text);
        Assert.Contains($"\n  {Data.Header} cannot be loaded: ", text);
    }

    /// <summary>A library of ABI 2.0, which tests/checks/csharp.sh builds.</summary>
    [Fact]
    public void ALibraryOfAnotherAbiIsRefused()
    {
        (int exit, string text) = Run(Data.FromCheck("OCTET_OTHER_ABI"));
        Assert.Equal(1, exit);
        Assert.StartsWith("OctetException", text);
        Assert.Contains("ABI 2.0", text);
        Assert.Contains("needs ABI 1.1", text);
    }

    [Fact]
    public void TheLibraryThatIsNamedIsUsed()
    {
        (int exit, string text) = Run(Data.FromCheck("OCTET_LIBRARY"));
        Assert.Equal((0, OctetLibrary.Version), (exit, text.Trim()));
    }

    private static (int Exit, string Text) Run(string? library)
    {
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            ArgumentList = { "exec", typeof(LoaderTests).Assembly.Location, "version" },
        };
        start.Environment.Remove("LD_LIBRARY_PATH");
        start.Environment["OCTET_LIBRARY"] = library;
        using Process process = Process.Start(start)!;
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, text);
    }
}
