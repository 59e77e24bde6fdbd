using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Octet.Interop;
using Xunit;

namespace Octet.Tests;

/// <summary>The binding against octet.h, and against what a C compiler makes of it.</summary>
public partial class LayoutTests
{
    private static readonly string s_header = Comment().Replace(File.ReadAllText(Data.Header), " ");

    /// <summary>
    /// Lines "struct size" and "struct.member offset size", which tests/checks/csharp.sh has a C program print.
    /// </summary>
    [Fact]
    public void StructsLieInMemoryAsInC()
    {
        HashSet<string> structs = [];
        int members = 0;
        foreach (string[] words in File.ReadLines(Data.FromCheck("OCTET_LAYOUT")).Select(line => line.Split(' ')))
        {
            string[] name = words[0].Split('.');
            Type type = typeof(Native).Assembly.GetType($"Octet.Interop.{name[0]}") ??
                throw new Xunit.Sdk.XunitException($"the binding has no {name[0]}");
            structs.Add(name[0]);
            if (name.Length == 1)
            {
                Assert.Equal((name[0], int.Parse(words[1])), (name[0], Marshal.SizeOf(type)));
                Assert.Equal(Header(name[0]).Count, type.GetFields(BindingFlags.Public | BindingFlags.Instance).Length);
                continue;
            }
            FieldInfo field = type.GetField(name[1]) ??
                throw new Xunit.Sdk.XunitException($"the binding has no {words[0]}");
            Assert.Equal((words[0], int.Parse(words[1])), (words[0], (int)Marshal.OffsetOf(type, name[1])));
            Assert.Equal((words[0], int.Parse(words[2])), (words[0], SizeOf(field)));
            ++members;
        }
        // All that the header has, so that the C program left nothing out.
        MatchCollection declared = Struct().Matches(s_header);
        Assert.Equal(declared.Select(match => match.Groups["name"].Value).Order(), structs.Order());
        Assert.Equal(declared.Sum(match => Header(match.Groups["name"].Value).Count), members);
    }

    [Fact]
    public void EveryFunctionIsImportedWithItsNumberOfArguments()
    {
        Dictionary<string, int> declared = Function().Matches(s_header).ToDictionary(
            match => match.Groups["name"].Value,
            match => Count(match.Groups["arguments"].Value.Trim()));
        declared.Remove("q_text"); // inline: makes a q_str of a C string
        Dictionary<string, int> imported = typeof(Native)
            .GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .ToDictionary(method => method.Name, method => method.GetParameters().Length);
        Assert.True(declared.Count > 30, "the header has been written in another way: teach this test to read it");
        Assert.Equal(Sorted(declared), Sorted(imported));

        static int Count(string arguments) => arguments == "void" ? 0 : arguments.Count(c => c == ',') + 1;

        static IEnumerable<KeyValuePair<string, int>> Sorted(Dictionary<string, int> functions) =>
            functions.OrderBy(function => function.Key, StringComparer.Ordinal);
    }

    [Fact]
    public void ConstantsAreThoseOfTheHeader()
    {
        Dictionary<string, string> defined = Define().Matches(s_header)
            .ToDictionary(match => match.Groups["name"].Value, match => match.Groups["value"].Value.Trim('(', ')'));
        Assert.Equal(Native.AbiVersion, Convert.ToUInt32(defined["Q_ABI_VERSION"].TrimEnd('u'), 16));
        Assert.Equal("8", defined["Q_MAX_RANK"]);
        AssertEnum<Status>("Q_E_", "Q_OK");
        AssertEnum<LogLevel>("Q_LOG_");
        AssertEnum<PixelFormat>("Q_PIXELS_");
        AssertEnum<ImageFit>("Q_FIT_");
        AssertEnum<DataType>("", "Q_FLOAT32", "Q_INT8");

        // Every constant of the prefix is a value of the type of the same name, and there are no others.
        void AssertEnum<T>(string prefix, params string[] others)
            where T : struct, Enum
        {
            IEnumerable<string> names = defined.Keys.Where(
                name => (prefix != "" && name.StartsWith(prefix)) || others.Contains(name));
            Assert.Equal(
                names.Select(name => (Short(name, prefix), int.Parse(defined[name]))).Order(),
                Enum.GetValues<T>().Select(v => (v.ToString().ToUpperInvariant(), Convert.ToInt32(v))).Order());
        }

        static string Short(string name, string prefix) =>
            prefix != "" && name.StartsWith(prefix) ? name[prefix.Length..] : name["Q_".Length..];
    }

    [Fact]
    public void StatusNamesAreThoseOfTheLibrary()
    {
        Assert.All(
            Enum.GetValues<Status>().Where(status => status != Status.Ok),
            status => Assert.Equal($"Q_E_{status.ToString().ToUpperInvariant()}", Errors.StatusName((int)status)));
        Assert.Equal("unknown status", Errors.StatusName(-99));
    }

    private static List<string> Header(string name)
    {
        Match match = Struct().Matches(s_header).Single(match => match.Groups["name"].Value == name);
        return match.Groups["body"].Value
            .Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToList();
    }

    private static int SizeOf(FieldInfo field)
    {
        Type type = field.FieldType;
        return type.IsPointer ? IntPtr.Size : Marshal.SizeOf(type);
    }

    [GeneratedRegex(@"/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"typedef struct (?<name>q_\w+) \{(?<body>.*?)\} \k<name>;", RegexOptions.Singleline)]
    private static partial Regex Struct();

    [GeneratedRegex(@"^[a-z][\w \*]*?[ \*](?<name>q_\w+)\((?<arguments>[^;{]*?)\)\s*[;{]", RegexOptions.Multiline)]
    private static partial Regex Function();

    [GeneratedRegex(@"^#define (?<name>Q_\w+) (?<value>\S+)", RegexOptions.Multiline)]
    private static partial Regex Define();
}
